"""How a sandbox speaks to the outside: found due under the lock, sent outside it, noted under it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mockserver.chance import Chance
from mockserver.clock import Clock
from mockserver.courier import Courier, Reply
from mockserver.faults import Effect, Exchange, Faults, Strike
from mockserver.faults.effects import CODES, OUT
from mockserver.functions.runner import Call, Outcome, Runner
from mockserver.journal import Entry, Journal
from mockserver.masking import Masks
from mockserver.timeline import Work
from mockserver.traces import Join, Traces


@dataclass(frozen=True, slots=True)
class Letter:
    """A POST on its way out.

    :param api: which document describes it, and ``operation`` as what
    :param timeout: seconds to wait for each of connecting and answering
    :param trace: the first cause it descends from
    :param join: why it belongs to that
    :param asks: whether whoever gets it may call Trustpilot while it answers, on behalf of that first cause
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float
    api: str
    operation: str
    trace: str | None
    join: Join
    asks: bool = False


class Outbound:
    """The sandbox's way out. ``lock`` is the sandbox's."""

    def __init__(
        self,
        clock: Clock,
        lock: AbstractContextManager[Any],
        journal: Journal,
        traces: Traces,
        courier: Courier,
        faults: Faults,
        chance: Chance,
        runner: Runner,
    ) -> None:
        self._clock = clock
        self._lock = lock
        self._journal = journal
        self._traces = traces
        self._courier = courier
        self._faults = faults
        self._chance = chance
        self._runner = runner

    @property
    def masks(self) -> Masks:
        """What hides the sandbox's secrets."""
        return self._journal.masks

    def call(self, call: Call, timeout: float, trace: str | None, done: Callable[[Outcome], None]) -> Work:
        """Work that calls a function.

        :param trace: the first cause on whose behalf it may call Trustpilot
        :param done: told, under the lock, how it ended
        """
        number = self._traces.next_number()

        def work() -> None:
            with self._lock:
                self._traces.take_off(number, trace)
            try:
                outcome = self._runner.run(call, timeout)
            finally:
                with self._lock:
                    self._traces.landed(number)
            with self._lock:
                done(outcome)

        return work

    def send(self, letter: Letter, done: Callable[[Reply, float], str | None]) -> Work:
        """Work that sends ``letter``.

        :param done: told, under the lock, what came back and when it was sent; gives the evidence for the journal
        """
        started = self._clock.now()
        number = self._traces.next_number()
        strike = self._strike(letter, started) if self._faults else None

        def work() -> None:
            # A fault that strikes before leaves nothing to send; one that strikes after loses the answer alone.
            if strike is None:
                reply = self._carried(letter, number)
            else:
                if strike.effect.when == "after":
                    self._carried(letter, number)
                reply = _seen(strike.effect)
            with self._lock:
                self._note(letter, reply, started, done(reply, started), number, strike)

        return work

    def _strike(self, letter: Letter, now: float) -> Strike | None:
        headers = {name.lower(): value for name, value in letter.headers.items()}
        exchange = Exchange(
            operation=letter.operation,
            room=OUT,
            method="POST",
            path=urlsplit(letter.url).path or "/",
            header=lambda name: headers.get(name.lower(), ""),
            body=lambda: json.loads(letter.body),
        )
        return self._faults.strike(exchange, now, lambda: self._chance.between(0, 1))

    def _carried(self, letter: Letter, number: int) -> Reply:
        with self._lock:
            self._traces.take_off(number, letter.trace if letter.asks else None)
        try:
            return self._courier.post(letter.url, letter.headers, letter.body, letter.timeout)
        finally:
            with self._lock:
                self._traces.landed(number)

    def _note(
        self, letter: Letter, reply: Reply, started: float, evidence: str | None, number: int, strike: Strike | None
    ) -> None:
        masks = self._journal.masks
        entry = Entry(
            id=self._journal.next_id(),
            at=started,
            direction="out",
            api=letter.api,
            operation=letter.operation,
            method="POST",
            url=masks.url(letter.url),
            status=reply.status,
            evidence=evidence,
            hint=None,
            trace=letter.trace,
            fault=None if strike is None else strike.fault,
            error=reply.error,
            milliseconds=reply.milliseconds,
            request_headers=masks.headers(letter.headers.items()),
            request_body=letter.body,
            response_headers=masks.headers(reply.headers.items()),
            response_body=reply.body,
            join=None if letter.trace is None else letter.join,
            effect=None if strike is None else strike.effect.text,
        )
        self._journal.write(entry)
        entry.note_in(self._traces, letter.trace, letter.join, entry.url.partition("?")[0], number, started)


def _seen(effect: Effect) -> Reply:
    """What the sender takes for the answer."""
    headers = {} if effect.retry_after is None else {"Retry-After": str(effect.retry_after)}
    return Reply(effect.status, headers, b"", CODES.get(effect.kind), 0.0)
