"""A trace as sentences from ``fixtures/texts/trace-steps.yaml``: each step, and the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from tpmock.common import compiled, package_data
from tpmock.common.moments import iso
from tpmock.journal.traces import Fact, Step, Trace
from tpmock.segment import reasons

Facts = Mapping[str, Any]


class StepKind(NamedTuple):
    """The facts that a kind of step stores, in their order, and its sentence."""

    facts: list[str]
    sentence: str


def _exchange(facts: Facts) -> str:
    name = f"{facts['operation']}: " if facts["operation"] else ""
    answer = f"answered {facts['status']}" if facts["status"] is not None else f"no answer ({facts['error']})"
    hint = f". {facts['hint']}" if facts["hint"] else ""
    return f"{name}{facts['method']} {facts['address']}, {answer}{hint}"


def _message(facts: Facts) -> str:
    return " ".join(str(facts[name]) for name in ("type", "event") if facts[name]) or "a message without a type"


def _answer(facts: Facts) -> str:
    """Return the destination's answer with its own words; without any, the meaning of the status."""
    reason = str(facts["reason"] or "")
    code = reason.rpartition(".")[2] if facts["status"] is None else str(facts["status"])
    means = facts["message"] or reasons.plain(reason)
    return f"{code}: {means}" if means else code


#: Parts of a sentence that are computed from the facts.
_MADE: Final[Mapping[str, Callable[[Facts], str]]] = {
    "exchange": _exchange,
    "message": _message,
    "why": lambda facts: reasons.clause(str(facts["reason"])),
    "answer": _answer,
    "writer": lambda facts: "consumer" if facts["author"] == "consumer" else "company",
}


class _Words(dict[str, Any]):
    """The facts of a step, and the words computed from them."""

    def __missing__(self, name: str) -> str:
        return _MADE[name](self)


@cache
def kinds() -> Mapping[str, StepKind]:
    """Return every kind of step."""
    steps = compiled.content(package_data.path("texts", "trace-steps.yaml"))["steps"]
    return {what: StepKind(**kind) for what, kind in steps.items()}


EXCHANGES: Final = ("call", "post")
_MOMENTS: Final = ("sendAt", "nextAttemptAt")


def facts(step: Step) -> dict[str, Fact]:
    """Return the facts of a step by name, times as text."""
    named = dict(zip(kinds()[step.what].facts, step.facts, strict=True))
    for name in _MOMENTS:
        moment = named.get(name)
        if isinstance(moment, float):
            named[name] = iso(moment)
    return named


def sentence(step: Step) -> str:
    """Return the sentence of one step."""
    return kinds()[step.what].sentence.format_map(_Words(facts(step)))


#: Calls that request an invitation, or an invitation link.
INVITING: Final = (
    *("createEmailInvitations", "createInvitation"),
    *("createServiceReviewInvitationLink", "createProductReviewInvitationLink"),
)
_REFUSED: Final = 400
_NOTHING: Final = "Nothing was sent. {}."


def outcome(trace: Trace) -> str:
    """Return how far the order came and what stopped it: the answer to "why was nothing sent?"."""
    steps = trace.in_order()
    return (
        _sentences(_lasts(steps, "review-"), "Reviewed: ")
        or _mailed(steps)
        or _sentences(_lasts(steps, "link-made")[-1:], "Not reviewed yet: ")
        or _refused_by_trustpilot(steps)
        or _delivery(steps)
        or _taken_in(steps)
        or "Nothing that leads to an invitation happened."
    )


def _last(steps: list[Step], beginning: str) -> Step | None:
    return next((step for step in reversed(steps) if step.what.startswith(beginning)), None)


def _lasts(steps: list[Step], beginning: str) -> list[Step]:
    """Return the last step of each thing; the first fact identifies the thing."""
    return list({step.facts[0]: step for step in steps if step.what.startswith(beginning)}.values())


def _sentences(steps: list[Step], before: str) -> str:
    return before + "; ".join(sentence(step) for step in steps) + "." if steps else ""


_STAGES: Final[Mapping[str, str]] = {
    "invitation-queued": "Queued: ",
    "invitation-sending": "Sending: ",
    "invitation-delivered": "Delivered, and no review yet: ",
    "invitation-delivered-unsubscribed": "Delivered, and no review yet: ",
    "invitation-not-delivered": "Not delivered: ",
    "invitation-deleted": "Deleted: ",
}


def _mailed(steps: list[Step]) -> str:
    mails = _lasts(steps, "invitation-")
    if not mails:
        return ""
    furthest = max(mails, key=lambda step: list(_STAGES).index(step.what) % 4)
    return _sentences(mails, _STAGES[furthest.what])


def _refused_by_trustpilot(steps: list[Step]) -> str:
    asked = [step for step in steps if step.what == "call" and step.facts[0] in INVITING]
    if not asked:
        return ""
    call = facts(asked[-1])
    status = call["status"]
    if isinstance(status, int) and status < _REFUSED:
        return ""
    why = f": {call['hint']}" if call["hint"] else "."
    after = _last([step for step in steps if step.number > asked[-1].number], "delivery-")
    said = f"gave no answer ({call['error']})" if status is None else f"refused the invitation with {status}"
    then = f" {sentence(after)}." if after is not None and after.what != "delivery-delivered" else ""
    return f"Nothing was sent. Trustpilot {said}{why}{then}"


def _delivery(steps: list[Step]) -> str:
    last = _last(steps, "delivery-")
    if last is None:
        return ""
    if last.what == "delivery-delivered":
        unasked = "and no call that names this order asked Trustpilot for an invitation"
        return f"Nothing was sent. {sentence(last)}, {unasked}."
    return _NOTHING.format(sentence(last))


def _taken_in(steps: list[Step]) -> str:
    endings = {
        "not-connected": _NOTHING,
        "event-received": "On its way: {}, and delivers it.",
        "event-dropped": _NOTHING,
    }
    for what, ending in endings.items():
        if (step := _last(steps, what)) is not None:
            return ending.format(sentence(step))
    return ""
