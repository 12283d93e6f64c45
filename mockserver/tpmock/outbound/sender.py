"""Sender of a sandbox: requests are created under the lock, sent outside it, and recorded under it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tpmock.core.clock import Clock
from tpmock.core.random_ids import RandomSource
from tpmock.core.responses import Join
from tpmock.core.timeline import Work
from tpmock.faults import KINDS, Effect, Exchange, FaultHit, Faults
from tpmock.faults.effects import OUT
from tpmock.journal.journal import Entry, Journal
from tpmock.journal.masking import Masks
from tpmock.journal.traces import Traces
from tpmock.outbound.function_runner import FunctionCall, FunctionResult, FunctionRunner
from tpmock.outbound.http_client import HttpClient, HttpReply


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """An outgoing POST.

    :param api: the document that describes it; ``operation`` is its operation there
    :param timeout: seconds for connecting, and seconds for the answer
    :param trace: the trace it belongs to
    :param join: why it belongs to that trace
    :param asks: whether its receiver may call Trustpilot for that trace before it answers
    :param itself: whether it is addressed to the mock itself, without a connection
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
    itself: bool = False


@dataclass(eq=False, repr=False, kw_only=True)
class Outbound:
    """Sends for one sandbox. ``lock`` is the sandbox's, ``itself`` posts to the mock itself."""

    clock: Clock
    lock: AbstractContextManager[Any]
    journal: Journal
    traces: Traces
    http_client: HttpClient
    itself: HttpClient
    faults: Faults
    random: RandomSource
    runner: FunctionRunner

    @property
    def masks(self) -> Masks:
        """Return the masks of the sandbox's secrets."""
        return self.journal.masks

    def call(
        self, call: FunctionCall, timeout: float, trace: str | None, done: Callable[[FunctionResult], None]
    ) -> Work:
        """Return work that calls a function.

        :param trace: the trace for which it may call Trustpilot
        :param done: called with the result, under the lock
        """
        number = self.traces.next_number()

        def work() -> None:
            with self.lock:
                self.traces.flight_started(number, trace)
            try:
                outcome = self.runner.run(call, timeout)
            finally:
                with self.lock:
                    self.traces.flight_finished(number)
            with self.lock:
                done(outcome)

        return work

    def send(self, request: OutgoingRequest, done: Callable[[HttpReply, float], str | None]) -> Work:
        """Return work that sends ``request``.

        :param done: called under the lock with the answer and the time of sending; returns the evidence for the journal
        """
        started = self.clock.now()
        number = self.traces.next_number()
        hit = self._hit(request, started) if self.faults else None

        def work() -> None:
            # A fault before the call prevents sending; a fault after it only loses the answer.
            if hit is None:
                reply = self._carried(request, number)
            else:
                if hit.effect.when == "after":
                    self._carried(request, number)
                reply = _seen(hit.effect)
            with self.lock:
                self._note(request, reply, started, done(reply, started), number, hit)

        return work

    def _hit(self, request: OutgoingRequest, now: float) -> FaultHit | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        exchange = Exchange(
            operation=request.operation,
            room=OUT,
            method="POST",
            path=urlsplit(request.url).path or "/",
            header=lambda name: headers.get(name.lower(), ""),
            body=lambda: json.loads(request.body),
        )
        return self.faults.hit(exchange, now, lambda: self.random.between(0, 1))

    def _carried(self, request: OutgoingRequest, number: int) -> HttpReply:
        with self.lock:
            self.traces.flight_started(number, request.trace if request.asks else None)
        try:
            client = self.itself if request.itself else self.http_client
            return client.post(request.url, request.headers, request.body, request.timeout)
        finally:
            with self.lock:
                self.traces.flight_finished(number)

    def _note(
        self,
        request: OutgoingRequest,
        reply: HttpReply,
        started: float,
        evidence: str | None,
        number: int,
        hit: FaultHit | None,
    ) -> None:
        masks = self.journal.masks
        entry = Entry(
            id=self.journal.next_id(),
            at=started,
            direction="out",
            api=request.api,
            operation=request.operation,
            method="POST",
            url=masks.url(request.url),
            status=reply.status,
            evidence=evidence,
            hint=None,
            trace=request.trace,
            fault=None if hit is None else hit.fault,
            error=reply.error,
            milliseconds=reply.milliseconds,
            request_headers=masks.headers(request.headers.items()),
            request_body=request.body,
            response_headers=masks.headers(reply.headers.items()),
            response_body=reply.body,
            join=None if request.trace is None else request.join,
            effect=None if hit is None else hit.effect.text,
        )
        self.journal.write(entry)
        entry.note_in(self.traces, request.trace, request.join, entry.url.partition("?")[0], number, started)


def _seen(effect: Effect) -> HttpReply:
    """Return the answer that a fault puts in place of the real one."""
    headers = {} if effect.retry_after is None else {"Retry-After": str(effect.retry_after)}
    return HttpReply(effect.status, headers, b"", KINDS[effect.kind].code, 0.0)
