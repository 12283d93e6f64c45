"""What a fault makes of a call: instead of the truth, or out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from contracts.spec import Example
from mockserver import hints, problems
from mockserver.answers import Page
from mockserver.faults import Effect, Exchange, Strike, magic
from mockserver.faults.names import rooms
from mockserver.faults.wire import wire_fault
from mockserver.operations.binding import Bound
from mockserver.operations.call import Call
from mockserver.operations.recording import Result
from mockserver.operations.security import extract
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox
from mockserver.trustpilot import authentication

#: Not even the right answer is called what it is.
_WRONG_TYPE: Final = "text/plain; charset=utf-8"


class Striking:
    """Answers calls that may be struck.

    :param truth: the answer as the handler, or the refusal, has it
    :param refusal: an answer from a documented error body
    :param content: type and bytes of a body
    :param sleep: waits real seconds
    """

    def __init__(
        self,
        truth: Callable[[Call, Bound], Result],
        refusal: Callable[[Sandbox | None, Example, Problem], Result],
        content: Callable[[Any], tuple[str | None, bytes]],
        sleep: Callable[[float], None],
    ) -> None:
        self._truth = truth
        self._refusal = refusal
        self._content = content
        self._sleep = sleep

    def answer(self, call: Call, bound: Bound) -> Result:
        """The answer, struck by what is armed for this call or asked for by its data."""
        strike = self._strike(call, bound)
        if strike is None:
            return self._truth(call, bound)
        effect = strike.effect
        with call.home.time.busy():
            if effect.when == "before":
                self._sleep(effect.delay)
            result = self._struck(call, bound, strike)
            if effect.when == "after":
                self._sleep(effect.delay)
        result.strike = strike
        return result

    @staticmethod
    def _strike(call: Call, bound: Bound) -> Strike | None:
        sandbox, operation = call.home, bound.operation.id
        exchange = Exchange(
            operation=operation,
            room=rooms()[operation],
            method="GET" if call.method == "HEAD" else call.method,
            path=call.path,
            header=call.header,
            body=lambda: call.body,
        )
        with sandbox.lock:
            strike = sandbox.faults.strike(exchange, sandbox.clock.now(), lambda: sandbox.chance.between(0, 1))
            if strike is None and (wanted := magic.wanted(operation, call.body)) is not None:
                strike = sandbox.faults.strike_by_address(*wanted)
            return strike

    def _struck(self, call: Call, bound: Bound, strike: Strike) -> Result:
        kind = strike.effect.kind
        if kind == "token-revoked":
            return self._revoked(call, bound, strike)
        if kind == "delay":
            return self._truth(call, bound)
        if kind in ("cut-body", "stall", "drip", "broken-json", "wrong-type"):
            return _spoiled(self._truth(call, bound), strike)
        performed = self._truth(call, bound) if strike.effect.when == "after" else None
        result = self._in_place(call, bound, strike.effect)
        result.hint = hints.fault(strike.cause, strike.effect.text, performed.status if performed else None)
        if performed is None:
            return result
        # To whatever the work was joined, this answer is too.
        own = {
            name: getattr(result, name) for name in ("status", "content_type", "body", "headers", "evidence", "hint")
        }
        return replace(performed, **own, wire=result.wire, secrets=frozenset())

    def _revoked(self, call: Call, bound: Bound, strike: Strike) -> Result:
        with call.home.lock:
            for scheme in bound.schemes:
                authentication.revoke(call.home.world, extract(call, scheme))
        result = self._truth(call, bound)
        result.hint = hints.revoked_by(result.hint, strike.cause)
        return result

    def _in_place(self, call: Call, bound: Bound, effect: Effect) -> Result:
        """An answer that has nothing to do with the truth."""
        wire = wire_fault(effect)
        if wire is not None or effect.status is None:
            return Result(0, None, b"", {}, wire=wire)
        shape = None if effect.shape is None else bound.document.shapes.get(effect.shape)
        documented = bound.by_status(effect.status) if effect.shape is None else None
        if shape is not None:
            result = self._shaped(call, shape, effect.status)
        elif documented is not None:
            result = self._refusal(
                call.sandbox, documented, Problem(documented.name, hint=problems.reason(effect.status))
            )
            result.status = effect.status
        else:
            result = Result(effect.status, None, b"", {})
        if effect.retry_after is not None:
            result.headers["Retry-After"] = str(effect.retry_after)
        return result

    def _shaped(self, call: Call, shape: Example, status: int) -> Result:
        if not shape.media_type:
            return Result(status, None, b"", {}, shape.evidence)
        body: Any = Page(f"{shape.name}.html", {"status": status})
        if shape.media_type != "text/html":
            with call.home.lock:
                body = problems.shaped(shape, status=status, correlation_id=call.home.chance.uuid())
        content_type, content = self._content(body)
        return Result(status, content_type, content, {}, shape.evidence)


def _spoiled(result: Result, strike: Strike) -> Result:
    """The right answer, not as it should be."""
    kind = strike.effect.kind
    result.wire = wire_fault(strike.effect)
    if kind == "broken-json":
        result.body = result.body[: len(result.body) // 2] or b"{"
        result.content_type = result.content_type or "application/json"
    elif kind == "wrong-type":
        result.content_type = _WRONG_TYPE
    if kind not in ("stall", "drip"):
        result.evidence = None
        result.hint = hints.spoiled(strike.cause, strike.effect.text)
    return result
