"""Trigger email addresses: faults that the data of a call asks for, for programs that cannot call the control API.

``fault-429@example.com`` fails each time, ``fault-429-x2+1001@example.com`` twice and then no more, and
``fault-cut-after@example.com`` after the work was done. They work only on reserved domains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tpmock.core.example_domains import local_part
from tpmock.faults.effects import KINDS, STATUSES, TRUSTPILOT, Effect, Kind, usual
from tpmock.faults.model import member

#: The prefix of every trigger email address, in lower case: a body without these bytes is not searched.
_BEGINNING: Final = "fault-"
MARK: Final = _BEGINNING.encode()
_ADDRESS = re.compile(r"fault-(?P<what>[a-z0-9-]+?)(?P<after>-after)?(?:-x(?P<count>[1-9][0-9]{0,5}))?", re.ASCII)
#: The members of call bodies that hold a person's email address.
_PLACES: Final[Mapping[str, str]] = {
    "createEmailInvitations": "consumerEmail",
    "createInvitation": "recipientEmail",
    "sendShopOrder": "recipientEmail",
    "createServiceReviewInvitationLink": "email",
    "createProductReviewInvitationLink": "consumer.email",
}


def kinds() -> list[Kind]:
    """Return the kinds that an address can ask for."""
    return [kind for kind in KINDS.values() if TRUSTPILOT in kind.rooms]


def example(kind: Kind) -> str:
    """Return the local part of the address for a kind."""
    return f"fault-{429 if kind.name == 'status' else kind.name}"


def wanted(operation: str, body: Any) -> tuple[str, Effect, int | None] | None:
    """Return the trigger email address in a call, its fault and its count; None without one.

    :param body: the parsed body
    """
    place = _PLACES.get(operation)
    email = None if place is None else member(body, place)
    if not isinstance(email, str) or not email.startswith(_BEGINNING):
        return None
    found = _ADDRESS.fullmatch(local_part(email) or "")
    effect = None if found is None else _effect(found["what"], after=found["after"] is not None)
    if found is None or effect is None:
        return None
    return email.lower(), effect, int(found["count"]) if found["count"] else None


def _effect(what: str, *, after: bool) -> Effect | None:
    if what.isdecimal() and int(what) in STATUSES:
        effect = usual("status", int(what))
    elif what != "status" and what in KINDS and TRUSTPILOT in KINDS[what].rooms:
        effect = usual(what)
    else:
        return None
    if after and "after" not in KINDS[effect.kind].whens:
        return None
    return replace(effect, when="after") if after else effect
