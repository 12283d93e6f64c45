"""Addresses whose invitations end in a chosen way: the one table of them, for the timeline and for whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mockserver.reserved import local_part
from mockserver.trustpilot.model import InvitationState


@dataclass(frozen=True, slots=True)
class Fate:
    """How the mail to an address ends.

    :param local_part: what stands before the ``@``, or before a ``+`` in it
    :param state: where the invitation stands in the end
    :param reason: why it was not delivered
    :param evidence: ``documented`` where an official page names this outcome; ``assumed`` where the page says only that
        there are further reasons
    """

    local_part: str
    state: InvitationState
    meaning: str
    evidence: Literal["documented", "assumed"]
    reason: str | None = None


FATES: Final = (
    Fate("unsubscribe", "delivered-unsubscribed", "Delivered; the recipient unsubscribes soon after.", "documented"),
    Fate(
        "unsubscribed",
        "not-delivered",
        "The recipient has unsubscribed from invitations before.",
        "documented",
        "unsubscribed",
    ),
    Fate(
        "too-often",
        "not-delivered",
        "The unit's invitation frequency forbids another mail to this person so soon.",
        "documented",
        "invited-too-often",
    ),
    Fate(
        "limit",
        "not-delivered",
        "The unit's monthly allowance of invitations is used up.",
        "documented",
        "limit-reached",
    ),
    Fate("bounce", "not-delivered", "The recipient's mail server sends it back.", "assumed", "bounced"),
    Fate("blocked", "not-delivered", "The recipient's mail server refuses the sender.", "assumed", "blocked"),
    Fate("unknown", "not-delivered", "There is no such mailbox.", "assumed", "invalid-address"),
    Fate("slow", "delivered", "Stays in sending for an hour, then is delivered.", "assumed"),
)
_BY_LOCAL_PART: Final = {fate.local_part: fate for fate in FATES}


def fate(email: str) -> Fate | None:
    """What is fixed for this address; None for every other one, which is delivered."""
    name = local_part(email)
    return None if name is None else _BY_LOCAL_PART.get(name)
