"""The traces that a call belongs to. No other module decides this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tpmock.core.responses import Join, Joined
from tpmock.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from tpmock.server.request import OperationCall

#: Headers in which programs pass on a message id. The value must be the id of a known message.
_CORRELATION: Final = (
    *("HTTP_X_CORRELATION_ID", "HTTP_CORRELATION_ID", "HTTP_X_REQUEST_ID", "HTTP_REQUEST_ID", "HTTP_X_MESSAGE_ID"),
    *("HTTP_X_TRACE_ID", "HTTP_IDEMPOTENCY_KEY", "HTTP_X_IDEMPOTENCY_KEY"),
)


class TraceMembership:
    """The membership of one call. The most certain source takes precedence:

    1. the handler: the events that it accepted, or the order that was requested
    2. the call's data: a review, a conversation, a link, an order
    3. a message id that the caller passed on in a header
    4. an order in the body of a call that was refused before its handler ran, which begins a trace
    5. the only delivery in flight, if it was the only one from the beginning of the call to its end
    """

    __slots__ = ("_begun", "_by_rule", "_flight", "_traces")

    def __init__(self, sandbox: Sandbox) -> None:
        self._traces = sandbox.traces
        self._flight = self._traces.lone_flight
        self._by_rule: tuple[Joined, ...] = ()
        self._begun: tuple[int, float] | None = None

    def begin(self, now: float) -> None:
        """Number the call's step before its handler creates any: the effects of the call come after it."""
        self._begun = self._traces.next_number(), now

    def step(self, now: float) -> tuple[int, float]:
        """Return number and time of the call's step."""
        return self._begun or (self._traces.next_number(), now)

    def of_order(self, number: str) -> str:
        """Return the trace of an order from the handler: that of the event which mentioned it, else a new one."""
        key = f"orderId:{number}"
        known = self._traces.find(key)
        joined = Joined(self._traces.begin(key), "cause") if known is None else Joined(known, "orderId")
        self._by_rule = (joined,)
        return joined.trace

    def by_rule(self, joined: tuple[Joined, ...]) -> None:
        """Return the traces that a handler names itself."""
        self._by_rule = joined or self._by_rule

    def decided(self, call: OperationCall) -> tuple[Joined, ...]:
        """Return the traces, usually one or none. Called under the sandbox's lock after the answer."""
        if self._by_rule:
            return self._by_rule
        traces = self._traces
        references = list(_references(call))
        for join, value in references:
            trace = traces.find(f"{join}:{value}")
            if trace is not None:
                return (Joined(trace, join),)
        environ = call.environ
        for header in _CORRELATION:
            if header in environ and (trace := traces.find(f"messageId:{environ[header]}")) is not None:
                return (Joined(trace, "correlation-header"),)
        order = _order_in_body(call)
        if order is not None:
            return (Joined(traces.begin(f"orderId:{order}"), "cause"),)
        if references or self._flight is None or not call.bound.rules.joins_by_time:
            return ()
        trace = traces.trace_in_flight(self._flight)
        return () if trace is None else (Joined(trace, "time"),)


def _references(call: OperationCall) -> Iterator[tuple[Join, str]]:
    rules = call.bound.rules
    for name, join in rules.path_references.items():
        if value := call.path_arguments.get(name):
            yield join, value.lower()
    order = _order_in_body(call)
    if order is not None:
        yield "orderId", order
    if rules.query_reference in call.query:
        yield "orderId", call.query[rules.query_reference][0]


def _order_in_body(call: OperationCall) -> str | None:
    body = call.body
    if not isinstance(body, dict):
        return None
    value = next((body[name] for name in call.bound.rules.body_references if name in body), None)
    return value if isinstance(value, str) and value else None
