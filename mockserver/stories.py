"""A trace told in plain sentences: each step, and how it ended. One place, so that each sentence can be tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mockserver.clock import iso
from mockserver.segment import reasons
from mockserver.traces import Fact, Step, Trace

Facts = Mapping[str, Any]

_EXCHANGE: Final = ("operation", "method", "address", "status", "error", "hint")
_EVENT: Final = ("type", "event", "reason")
_DELIVERY: Final = ("destination", "reason", "status", "message", "nextAttemptAt")
_INVITATION: Final = ("invitation", "type", "sendAt", "reason")
_REVIEW: Final = ("review", "type", "stars")
_WEBHOOK: Final = ("webhook", "event", "nextAttemptAt")

#: What each kind of step tells, in the order in which its facts are kept.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "call": _EXCHANGE,
    "post": _EXCHANGE,
    "event-received": _EVENT,
    "event-dropped": _EVENT,
    "not-connected": ("source",),
    "delivery-filtered": _DELIVERY,
    "delivery-delivered": _DELIVERY,
    "delivery-discarded": _DELIVERY,
    "delivery-awaiting-retry": _DELIVERY,
    "invitation-queued": _INVITATION,
    "invitation-sending": _INVITATION,
    "invitation-delivered": _INVITATION,
    "invitation-delivered-unsubscribed": _INVITATION,
    "invitation-not-delivered": _INVITATION,
    "invitation-deleted": _INVITATION,
    "link-made": ("link", "type"),
    "review-written": _REVIEW,
    "review-revised": _REVIEW,
    "review-deleted": _REVIEW,
    "reply-written": ("review",),
    "reply-deleted": ("review",),
    "comment-written": ("conversation", "author"),
    "webhook-due": _WEBHOOK,
    "webhook-awaiting-retry": _WEBHOOK,
    "webhook-delivered": _WEBHOOK,
    "webhook-failed": _WEBHOOK,
}
EXCHANGES: Final = ("call", "post")
_MOMENTS: Final = ("sendAt", "nextAttemptAt")


def facts(step: Step) -> dict[str, Fact]:
    """What is to be told of a step, by name; moments as text."""
    names = KINDS[step.what]
    told = dict(zip(names, step.facts, strict=True))
    for name in _MOMENTS:
        moment = told.get(name)
        if isinstance(moment, float):
            told[name] = iso(moment)
    return told


def sentence(step: Step) -> str:
    """What happened in one step."""
    return _SENTENCES[step.what](facts(step))


def _exchange(told: Facts) -> str:
    name = f"{told['operation']}: " if told["operation"] else ""
    answer = f"answered {told['status']}" if told["status"] is not None else f"no answer ({told['error']})"
    hint = f". {told['hint']}" if told["hint"] else ""
    return f"{name}{told['method']} {told['address']}, {answer}{hint}"


def _event(told: Facts) -> str:
    return " ".join(str(told[name]) for name in ("type", "event") if told[name]) or "a message without a type"


def _said(told: Facts) -> str:
    """What the destination answered, and its own words; where it has none, what that means."""
    reason = str(told["reason"] or "")
    code = reason.rpartition(".")[2] if told["status"] is None else str(told["status"])
    means = told["message"] or reasons.plain(reason)
    return f"{code}: {means}" if means else code


def _mail(told: Facts, then: str) -> str:
    return f"The {told['type']} invitation {then}"


_SENTENCES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "call": _exchange,
    "post": _exchange,
    "event-received": lambda told: f"Segment took it in: {_event(told)}",
    "event-dropped": lambda told: f"Segment dropped it: {reasons.clause(str(told['reason']))}",
    "not-connected": lambda told: f"No destination is connected to the source {told['source']}",
    "delivery-filtered": lambda told: (
        f"Segment did not send it to the destination {told['destination']}: {reasons.clause(str(told['reason']))}"
    ),
    "delivery-delivered": lambda told: f"The destination {told['destination']} took it ({_said(told)})",
    "delivery-discarded": lambda told: (
        f"The destination {told['destination']} refused it for good ({_said(told)}); "
        f"Segment discards it as {told['reason']}"
    ),
    "delivery-awaiting-retry": lambda told: (
        f"The destination {told['destination']} did not take it ({_said(told)}); "
        f"Segment tries again at {told['nextAttemptAt']}"
    ),
    "invitation-queued": lambda told: _mail(told, f"is queued until {told['sendAt']}"),
    "invitation-sending": lambda told: _mail(told, "is being sent"),
    "invitation-delivered": lambda told: _mail(told, "was delivered"),
    "invitation-delivered-unsubscribed": lambda told: _mail(told, "was delivered, and its reader unsubscribed"),
    "invitation-not-delivered": lambda told: _mail(told, f"was not delivered ({told['reason']})"),
    "invitation-deleted": lambda told: _mail(told, "was deleted with the invitation data"),
    "link-made": lambda told: f"A link for a {told['type']} review was made; nobody is told of it",
    "review-written": lambda told: f"A {told['type']} review with {told['stars']} stars was written",
    "review-revised": lambda told: f"The {told['type']} review was revised; it has {told['stars']} stars now",
    "review-deleted": lambda told: f"The {told['type']} review was deleted",
    "reply-written": lambda _: "The company replied to the review",
    "reply-deleted": lambda _: "The company took its reply back",
    "comment-written": lambda told: (
        f"{'The consumer' if told['author'] == 'consumer' else 'The company'} wrote a comment about the product review"
    ),
    "webhook-due": lambda told: f"Webhook {told['webhook']} ({told['event']}) is due",
    "webhook-awaiting-retry": lambda told: (
        f"Webhook {told['webhook']} ({told['event']}) was not taken; it is posted again at {told['nextAttemptAt']}"
    ),
    "webhook-delivered": lambda told: f"Webhook {told['webhook']} ({told['event']}) was taken",
    "webhook-failed": lambda told: f"Webhook {told['webhook']} ({told['event']}) was never taken; no more tries",
}

#: Calls that ask for an invitation, or for a link to one.
_INVITING: Final = (
    *("createEmailInvitations", "createInvitation"),
    *("createServiceReviewInvitationLink", "createProductReviewInvitationLink"),
)
_REFUSED: Final = 400


def outcome(trace: Trace) -> str:
    """How far it came and why no further: the answer to "why was nothing sent?"."""
    steps = trace.in_order()
    for ending in (_reviewed, _mailed, _linked, _refused_by_trustpilot, _delivery, _taken_in):
        told = ending(steps)
        if told:
            return told
    return "Nothing that leads to an invitation happened."


def _last(steps: list[Step], beginning: str) -> Step | None:
    return next((step for step in reversed(steps) if step.what.startswith(beginning)), None)


def _lasts(steps: list[Step], beginning: str) -> list[Step]:
    """Of each thing the last step; what a thing is stands first among the facts."""
    return list({step.facts[0]: step for step in steps if step.what.startswith(beginning)}.values())


def _reviewed(steps: list[Step]) -> str:
    return _told(_lasts(steps, "review-"), "Reviewed: ")


def _told(steps: list[Step], before: str) -> str:
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
    return _told(mails, _STAGES[furthest.what])


def _linked(steps: list[Step]) -> str:
    return _told(_lasts(steps, "link-made")[-1:], "Not reviewed yet: ")


def _refused_by_trustpilot(steps: list[Step]) -> str:
    asked = [step for step in steps if step.what == "call" and step.facts[0] in _INVITING]
    if not asked:
        return ""
    told = facts(asked[-1])
    status = told["status"]
    if isinstance(status, int) and status < _REFUSED:
        return ""
    why = f": {told['hint']}" if told["hint"] else "."
    after = _last([step for step in steps if step.number > asked[-1].number], "delivery-")
    said = f"gave no answer ({told['error']})" if status is None else f"refused the invitation with {status}"
    return f"Nothing was sent. Trustpilot {said}{why}" + _and_then(after)


def _and_then(delivery: Step | None) -> str:
    return f" {sentence(delivery)}." if delivery is not None and delivery.what != "delivery-delivered" else ""


def _delivery(steps: list[Step]) -> str:
    last = _last(steps, "delivery-")
    if last is None:
        return ""
    if last.what == "delivery-delivered":
        return (
            f"Nothing was sent. {sentence(last)}, and no call that names this order asked Trustpilot for an invitation."
        )
    return f"Nothing was sent. {sentence(last)}."


def _taken_in(steps: list[Step]) -> str:
    connected = _last(steps, "not-connected")
    if connected is not None:
        return f"Nothing was sent. {sentence(connected)}."
    received = _last(steps, "event-received")
    if received is not None:
        return f"On its way: {sentence(received)}, and delivers it."
    dropped = _last(steps, "event-dropped")
    return f"Nothing was sent. {sentence(dropped)}." if dropped is not None else ""
