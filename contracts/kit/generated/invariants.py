"""What must hold whatever happens, and which check of the vocabulary says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.kit.cases import Case, Check, Clause, Level

PLAN = "generated"
_HOLDS = True

_DUPLICATES = Clause(
    "Segment, Handling duplicate data",
    "Deduplication is by messageId, never by content",
    "https://github.com/segmentio/segment-docs/blob/develop/src/guides/duplicate-data.md",
)
_REQUIRED = Clause(
    "Seed 000: Trustpilot destination",
    "Required: email and order_id",
    "https://www.twilio.com/docs/segment/connections/destinations/catalog/trustpilot",
)
_DIRECT = "https://github.com/segmentio/segment-docs/blob/develop/src/partners/direct-destination.md"


def _invariant(number: int, check: str, title: str, requirement: str, clause: Clause, evidence: str) -> Case:
    return Case(
        id=f"GEN-{number:03}", plan=PLAN, chapter="Made-up events and histories", title=title, requirement=requirement,
        clause=clause, evidence=evidence, fresh=False, given=(), when=(), then=(Check(check, _HOLDS, Level.MUST),),
    )  # fmt: skip


INVARIANTS: tuple[Case, ...] = (
    _invariant(
        1, "once", "Never two invitations for one order",
        "However often and in whichever order events arrive, are retried, repeated or replayed, a buyer gets one mail.",
        _DUPLICATES, "documented",
    ),
    _invariant(
        2, "orders_only", "Never an invitation without an order id and an e-mail address",
        "An invitation comes from a completed order that has both, and has them from there.",
        _REQUIRED, "seed",
    ),
    _invariant(
        3, "no_failure", "No 5xx for any event",
        "Whatever an event holds, it is processed, ignored or refused; it is no failure of the destination.",
        Clause("Segment, Direct Destinations", "Response status codes", _DIRECT), "documented",
    ),
    _invariant(
        4, "no_personal_data", "No personal data in any message",
        "Segment shows the messages to everybody in the workspace; they hold no address, no name and no secret.",
        Clause("Segment, Direct Destinations", "Response body: message", _DIRECT), "assumed",
    ),
)  # fmt: skip

_BY_CHECK = {case.then[0].name: case for case in INVARIANTS}
# A subject that dies, hangs or cannot be asked is one that fails on an event.
_FAILURE = _BY_CHECK["no_failure"]


def broken_by(check: str) -> Case:
    """The invariant that a breach of a check breaks; what the runner itself has found is a failure."""
    return _BY_CHECK.get(check, _FAILURE)


def demanded(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, bool]]:
    """The checks that a history must pass.

    Where Trustpilot fails, or the same order comes twice at the same moment, as it does in a replay, a 5xx asks for
    another try and is right.
    """
    may_fail = any({"fault", "world"} & step.keys() or any(_at_once(told) for told in step.values()) for step in steps)
    return [{name: _HOLDS} for name in _BY_CHECK if not (may_fail and name == "no_failure")]


def _at_once(told: Any) -> bool:
    return isinstance(told, dict) and bool(told.get("at_once"))
