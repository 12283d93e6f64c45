"""Trigger email addresses for the outcome of an invitation, from ``fixtures/reference/email-outcomes.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tpmock.core import reference_data
from tpmock.core.example_domains import local_part
from tpmock.trustpilot.model import InvitationState


@dataclass(frozen=True, slots=True)
class EmailOutcome:
    """The outcome of an email to an address.

    :param local_part: the part before the ``@``, or before a ``+`` in it
    :param state: the final state of the invitation
    :param reason: why it was not delivered
    :param evidence: ``documented`` when an official page names this outcome; ``assumed`` when the page says only that
        further reasons exist
    """

    local_part: str
    state: InvitationState
    meaning: str
    evidence: Literal["documented", "assumed"]
    reason: str | None = None


@cache
def outcomes() -> Mapping[str, EmailOutcome]:
    """Return every outcome by its local part."""
    return {row["local_part"]: EmailOutcome(**row) for row in reference_data.read("email-outcomes")}


def outcome(email: str) -> EmailOutcome | None:
    """Return the outcome for this address; None for other addresses, whose emails are delivered."""
    name = local_part(email)
    return None if name is None else outcomes().get(name)
