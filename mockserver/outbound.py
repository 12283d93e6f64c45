"""How a sandbox speaks to the outside: found due under the lock, sent outside it, noted under it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from mockserver.clock import Clock
from mockserver.courier import Courier, Reply
from mockserver.journal import Entry, Journal, masked_headers
from mockserver.timeline import Work


@dataclass(frozen=True, slots=True)
class Letter:
    """A POST on its way out.

    :param api: which document describes it, and ``operation`` as what
    :param timeout: seconds to wait for each of connecting and answering
    :param trace: the first cause it descends from
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float
    api: str
    operation: str
    trace: str | None


class Outbound:
    """The sandbox's way out. ``lock`` is the sandbox's."""

    def __init__(self, clock: Clock, lock: AbstractContextManager[Any], journal: Journal, courier: Courier) -> None:
        self._clock = clock
        self._lock = lock
        self._journal = journal
        self._courier = courier

    def send(self, letter: Letter, done: Callable[[Reply, float], str | None]) -> Work:
        """Work that sends ``letter``.

        :param done: told, under the lock, what came back and when it was sent; gives the evidence for the journal
        """
        started = self._clock.now()

        def work() -> None:
            reply = self._courier.post(letter.url, letter.headers, letter.body, letter.timeout)
            with self._lock:
                self._note(letter, reply, started, done(reply, started))

        return work

    def _note(self, letter: Letter, reply: Reply, started: float, evidence: str | None) -> None:
        self._journal.write(
            Entry(
                id=self._journal.next_id(),
                at=started,
                direction="out",
                api=letter.api,
                operation=letter.operation,
                method="POST",
                url=letter.url,
                status=reply.status,
                evidence=evidence,
                hint=None,
                trace=letter.trace,
                fault=None,
                error=reply.error,
                milliseconds=reply.milliseconds,
                request_headers=masked_headers(letter.headers.items()),
                request_body=letter.body,
                response_headers=masked_headers(reply.headers.items()),
                response_body=reply.body,
            )
        )
