"""Claims of subjects. A case that needs more than its subject claims is not applicable."""

from __future__ import annotations

from collections.abc import Iterable

CLAIMS = {
    "events": "It takes Segment events.",
    "deletion": "It takes Segment's delete calls.",
    "onboarding": "It connects a customer: the actions connect and authorize.",
    "partner": "It works with keys that a partner made for a customer, and sends the partner ID with them.",
    "strict-names": "It reads no other spellings and places of an order: not orderId, not context.traits.email.",
    "any-names": "It reads other spellings and places too. The default without the claim strict-names.",
    "answers-later": "It stores an order, answers 202, and works from a queue that outlives the process.",
    "answers-at-once": "Its answer is the result. The default without the claim answers-later.",
    "own-patience": "After a failure it waits by its own clock before it calls Trustpilot again.",
    "own-send-time": "It chooses send times itself, and not by the setting delayDays.",
    "set-send-time": "It chooses no send times, or by the setting delayDays. The default without own-send-time.",
    "at-least-once": "It repeats a request whose answer was lost: it loses no order, and may cause two emails.",
    "at-most-once": "It does not repeat a request that may have arrived. The default without the claim at-least-once.",
    "keeps-buyers": "It keeps names and addresses of buyers in readable files, as an order database does.",
    "keeps-no-buyers": "It keeps them in no file in clear text. The default without the claim keeps-buyers.",
    "showcase": "It shows a business unit's reviews: the action showcase.",
    "reply": "It replies to reviews: the action reply.",
    "api": "It is the API itself.",
}
"""Every claim, with its meaning."""

OWN_PATIENCE, ANSWERS_LATER = "own-patience", "answers-later"
"""The claims with a duration, which the kit waits in real time."""

EVENTS = frozenset({"events", "deletion"})
"""The claims of a subject that states none: a destination of Segment."""

API = frozenset({"api"})

KINDS = EVENTS | API | {"onboarding", "showcase", "reply"}
"""Claims that say what a subject does. All others say how it does it."""

OPPOSITES = {
    "any-names": "strict-names",
    "answers-at-once": "answers-later",
    "set-send-time": "own-send-time",
    "at-most-once": "at-least-once",
    "keeps-no-buyers": "keeps-buyers",
}
"""The default claim, unless the subject states the opposite one. Both are right (decision 0341)."""

STATABLE = tuple(claim for claim in CLAIMS if claim not in OPPOSITES and claim not in API)
"""Claims that a user may state: in ``contract.toml`` and by ``--claim``."""


def stated(named: Iterable[str]) -> frozenset[str]:
    """Return the claims of a subject that states some: without one of :data:`KINDS` it is a destination of Segment."""
    claims = frozenset(named)
    return claims if claims & KINDS else claims | EVENTS


def missing(needs: tuple[str, ...], claims: frozenset[str]) -> str:
    """Return which claims a subject lacks, as a sentence; empty when it lacks none."""
    silent = {claim for claim, other in OPPOSITES.items() if other not in claims}
    lacking = [need for need in needs if need not in claims | silent]
    return f"The subject does not claim {' and '.join(lacking)}." if lacking else ""
