"""Applies a fault to a call: instead of its correct answer, or to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from tpmock.core import hints, problems
from tpmock.core.problems import Problem
from tpmock.faults import KINDS, Effect, Exchange, FaultHit, trigger_addresses
from tpmock.faults.names import rooms
from tpmock.faults.wire import wire_fault
from tpmock.server.answers import Answers, RenderedAnswer
from tpmock.server.request import OperationCall
from tpmock.server.security import extract

#: Wrong content types for the correct answer.
_WRONG_TYPE: Final = "text/plain; charset=utf-8"


class FaultInjection:
    """Answers calls to which a fault may apply.

    :param wait: waits real seconds
    """

    def __init__(self, answers: Answers, wait: Callable[[float], None]) -> None:
        self._answers = answers
        self._wait = wait

    @staticmethod
    def concerns(call: OperationCall) -> bool:
        """Return whether a fault may apply to a call: its sandbox has one, or its body asks for one."""
        return bool(call.home.faults) or trigger_addresses.MARK in call.raw

    def answer(self, call: OperationCall, perform: Callable[[], RenderedAnswer]) -> RenderedAnswer:
        """Return the answer, with the fault applied that matches the call or that its data asks for.

        :param perform: performs the call and returns its correct answer, which may be an error
        """
        hit = _hit(call)
        if hit is None:
            return perform()
        effect = hit.effect
        with call.home.scheduler.busy():
            if effect.when == "before":
                self._wait(effect.delay)
            answer = self._applied(call, hit, perform)
            if effect.when == "after":
                self._wait(effect.delay)
        answer.hit = hit
        return answer

    def _applied(self, call: OperationCall, hit: FaultHit, perform: Callable[[], RenderedAnswer]) -> RenderedAnswer:
        stage = KINDS[hit.effect.kind].stage
        match stage:
            case "delay":
                return perform()
            case "revoke":
                _revoke_credentials(call)
                answer = perform()
                answer.hint = _revocation(answer.hint, hit.cause)
                return answer
            case "spoil" | "transmit":
                return _spoiled(perform(), hit)
            case "replace" | "silence":
                performed = perform() if hit.effect.when == "after" else None
                answer = self._instead(call, hit.effect)
                answer.hint = hints.fault(hit.cause, hit.effect.text, performed.status if performed else None)
                return answer
            case "send":
                raise AssertionError(f"{hit.effect.kind} is for what goes out")
            case _:
                assert_never(stage)

    def _instead(self, call: OperationCall, effect: Effect) -> RenderedAnswer:
        """Return an answer that replaces the correct one."""
        if effect.status is None:
            return RenderedAnswer(0, None, b"", {}, wire=wire_fault(effect))
        bound = call.bound
        shape = None if effect.shape is None else bound.document.shapes.get(effect.shape)
        documented = bound.by_status(effect.status) if effect.shape is None else None
        if shape is not None:
            answer = self._answers.from_shape(call.home, shape, effect.status)
        elif documented is not None:
            problem = Problem(documented.name, hint=problems.reason(effect.status))
            answer = self._answers.from_example(call.home, documented, problem)
            answer.status = effect.status
        else:
            answer = RenderedAnswer(effect.status, None, b"", {})
        if effect.retry_after is not None:
            answer.headers["Retry-After"] = str(effect.retry_after)
        return answer


def _hit(call: OperationCall) -> FaultHit | None:
    sandbox, operation = call.home, call.operation.id
    exchange = Exchange(
        operation=operation,
        room=rooms()[operation],
        method="GET" if call.method == "HEAD" else call.method,
        path=call.request.path,
        header=call.header,
        body=lambda: call.body,
    )
    with sandbox.lock:
        hit = sandbox.faults.hit(exchange, sandbox.clock.now(), lambda: sandbox.random.between(0, 1))
        if hit is None and (wanted := trigger_addresses.wanted(operation, call.body)) is not None:
            hit = sandbox.faults.hit_by_address(*wanted)
        return hit


def _revoke_credentials(call: OperationCall) -> None:
    revoke = call.bound.rules.revoke
    if revoke is None:
        raise LookupError(f"no credential of {call.operation.api} can be revoked")
    with call.home.lock:
        for scheme in call.bound.schemes:
            revoke(call.realm, extract(call, scheme))


def _revocation(own: str | None, cause: str) -> str:
    """Return the hint of an answer after a revocation: whether it was refused for that, or needed no such token."""
    if own is not None and hints.TOKEN_REVOKED in own:
        return hints.REVOKED_BY.format(own=own, cause=cause)
    return " ".join(filter(None, (own, hints.NO_TOKEN_TO_REVOKE.format(cause=cause))))


def _halve(answer: RenderedAnswer) -> None:
    answer.body = answer.body[: len(answer.body) // 2] or b"{"
    answer.content_type = answer.content_type or "application/json"


def _mislabel(answer: RenderedAnswer) -> None:
    answer.content_type = _WRONG_TYPE


#: Functions that spoil an answer before it is sent.
_SPOILERS: Final[Mapping[str, Callable[[RenderedAnswer], None]]] = {"broken-json": _halve, "wrong-type": _mislabel}
if _SPOILERS.keys() != {kind.name for kind in KINDS.values() if kind.stage == "spoil"}:
    raise AssertionError("a kind of fault that spoils an answer has to be carried out here, and no other")


def _spoiled(answer: RenderedAnswer, hit: FaultHit) -> RenderedAnswer:
    """Return the correct answer, damaged."""
    answer.wire = wire_fault(hit.effect)
    if answer.wire is None:
        _SPOILERS[hit.effect.kind](answer)
    if answer.wire is None or answer.wire.error is not None:
        answer.evidence = None
        answer.hint = hints.SPOILED.format(cause=hit.cause, effect=hit.effect.text)
    return answer
