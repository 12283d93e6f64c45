"""Faults asked for by the data of a call, for programs that cannot call an API: by an e-mail address.

``fault-429@example.com`` fails each time, ``fault-429-x2+1001@example.com`` twice and then no more, and
``fault-cut-after@example.com`` after the work was done. Only on domains that nobody can own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mockserver.faults.effects import KINDS, STATUSES, TRUSTPILOT, Effect, Kind, usual
from mockserver.faults.matching import member
from mockserver.reserved import local_part

#: What every such address begins with, in small letters: a body without these bytes needs no closer look.
_BEGINNING: Final = "fault-"
MARK: Final = _BEGINNING.encode()
_ADDRESS = re.compile(r"fault-(?P<what>[a-z0-9-]+?)(?P<after>-after)?(?:-x(?P<count>[1-9][0-9]{0,5}))?", re.ASCII)
#: Where the calls that are about a person hold that person's address.
_PLACES: Final[Mapping[str, str]] = {
    "createEmailInvitations": "consumerEmail",
    "createInvitation": "recipientEmail",
    "createServiceReviewInvitationLink": "email",
    "createProductReviewInvitationLink": "consumer.email",
}


def kinds() -> list[Kind]:
    """The kinds that an address can ask for."""
    return [kind for kind in KINDS.values() if TRUSTPILOT in kind.rooms]


def example(kind: Kind) -> str:
    """What stands before the ``@`` for a kind."""
    return f"fault-{429 if kind.name == 'status' else kind.name}"


def wanted(operation: str, body: Any) -> tuple[str, Effect, int | None] | None:
    """The address in a call that asks for a fault, which one, and how often; None when none does.

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
