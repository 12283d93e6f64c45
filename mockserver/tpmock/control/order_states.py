"""State of an order: how far it came, computed from the steps of its trace."""

from __future__ import annotations

from typing import Final

from tpmock.control.trace_story import EXCHANGES, INVITING
from tpmock.journal.traces import Step, Trace

#: States in the order of a way, good ones first; ``other`` is a first cause that is not an order.
STATES: Final = (
    *("reviewed", "invited", "scheduled", "link-created", "under-way"),
    *("retrying", "bounced", "not-invited", "deleted", "other"),
)
_MAIL: Final = {
    "invitation-queued": "scheduled",
    "invitation-sending": "scheduled",
    "invitation-delivered": "invited",
    "invitation-delivered-unsubscribed": "invited",
    "invitation-not-delivered": "bounced",
    "invitation-deleted": "deleted",
}
#: Of several emails of one order, the state that decides: a problem first.
_FIRST: Final = ("bounced", "scheduled", "invited", "deleted")
_EVENTS: Final = ("event-received", "event-dropped")


def state_of(trace: Trace) -> str:
    """Return the state of an order, one of :data:`STATES`."""
    last: dict[tuple[str, object], str] = {}
    order = any(key.startswith("orderId:") for key in trace.keys)
    for step in trace.steps:
        what = step.what
        if what in EXCHANGES:
            continue
        kind, _, _ = what.partition("-")
        # The first fact identifies the invitation, the review or the destination.
        last[kind, step.facts[0] if step.facts else None] = what
        order = order or kind == "invitation" or (what in _EVENTS and step.facts[0] == "track")
    if not order:
        return "other"
    if any(kind == "review" and what != "review-deleted" for (kind, _), what in last.items()):
        return "reviewed"
    mails = {_MAIL[what] for (kind, _), what in last.items() if kind == "invitation"}
    for state in _FIRST:
        if state in mails:
            return state
    whats = set(last.values())
    if "link-made" in whats:
        return "link-created"
    if "delivery-awaiting-retry" in whats:
        return "retrying"
    return "under-way" if _is_under_way(trace.steps, whats) else "not-invited"


def _is_under_way(steps: list[Step], whats: set[str]) -> bool:
    """Return whether Segment has accepted the event and has not finished with it."""
    finished = any(what.startswith(("delivery-", "not-connected")) for what in whats)
    return (
        "event-received" in whats
        and not finished
        and not any(step.facts[0] in INVITING for step in steps if step.facts)
    )
