"""Claims of subjects. A case that needs more than its subject claims is not applicable."""

from __future__ import annotations

CLAIMS = {
    "events": "It takes Segment events.",
    "deletion": "It takes Segment's delete calls.",
    "onboarding": "It connects a customer: the actions connect and authorize.",
    "partner": "It works with keys that a partner made for a customer, and sends the partner ID with them.",
    "strict-names": "Of other spellings and places of an order it reads none: not orderId, not context.traits.email.",
    "any-names": "It reads other spellings and places too. All that do not claim strict-names claim it.",
    "showcase": "It shows a business unit's reviews: the action showcase.",
    "reply": "It replies to reviews: the action reply.",
    "api": "It is the API itself.",
}
"""Every claim, with its meaning."""

EVENTS = frozenset({"events", "deletion"})
"""The claims of a subject that states none: a destination of Segment."""

API = frozenset({"api"})

OPPOSITES = {"any-names": "strict-names"}
"""The default claim, unless the subject states the opposite one. Both are legitimate (seed 000; the facade)."""


def missing(needs: tuple[str, ...], claims: frozenset[str]) -> str:
    """Return which claims a subject lacks, as a sentence; empty when it lacks none."""
    silent = {claim for claim, other in OPPOSITES.items() if other not in claims}
    lacking = [need for need in needs if need not in claims | silent]
    return f"The subject does not claim {' and '.join(lacking)}." if lacking else ""
