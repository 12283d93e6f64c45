"""What a subject can claim to do. A case that needs more than its subject claims is not applicable, and says so."""

from __future__ import annotations

CLAIMS = {
    "events": "It takes Segment events.",
    "deletion": "It takes Segment's delete calls.",
    "onboarding": "It connects a customer: the actions connect and authorize.",
    "showcase": "It shows a business unit's reviews: the action showcase.",
    "reply": "It replies to reviews: the action reply.",
    "api": "It is the API itself.",
}
"""Every claim, with what it says."""

EVENTS = frozenset({"events", "deletion"})
"""What a subject claims that says nothing: it is a destination of Segment."""

API = frozenset({"api"})


def missing(needs: tuple[str, ...], claims: frozenset[str]) -> str:
    """What a subject would have to claim, as a sentence; empty when it claims enough."""
    lacking = [need for need in needs if need not in claims]
    return f"The subject does not claim {' and '.join(lacking)}." if lacking else ""
