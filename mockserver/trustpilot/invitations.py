"""Invitations by e-mail. Chapter "Invitation API"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso, parse_iso
from mockserver.problems import Problem
from mockserver.trustpilot.access import partner_advice, reach
from mockserver.trustpilot.model import BusinessUnit, Invitation, Token
from mockserver.trustpilot.world import World

bindings = Bindings()

#: "Queued and sent within minutes": how long an invitation without a send time waits.
DEFAULT_DELAY: Final = 120

_PARTS: Final = ("serviceReviewInvitation", "productReviewInvitation")
_SLASHED = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", re.ASCII)


@bindings.handles("createEmailInvitations")
def create_email_invitations(
    world: World,
    caller: Token,
    business_unit_id: str,
    x_business_user_id: str | None,
    body: dict[str, Any],
    raw: bytes,
    carries: Callable[[str], bool],
    trace: Callable[[str], str],
) -> Answer:
    """Queue an invitation (INV; SUP-WALK and INV-COM for what is required)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    advice = partner_advice(world, caller, carries)
    send_times = [_send_time(world, part, body[part]) for part in _PARTS if part in body]
    for part in _PARTS:
        _check_template(world, unit, part, body.get(part, {}))
    given = [moment for moment in send_times if moment is not None]
    if len(given) == len(_PARTS) and given[0] >= given[1]:
        raise Problem("invalid-request", hint=hints.service_first(), detail=hints.service_first())
    now = world.now()
    send_at = max(now, min(now + DEFAULT_DELAY if moment is None else moment for moment in send_times))
    invitation_id = world.chance.object_id()
    invitation = Invitation(
        id=invitation_id,
        business_unit_id=unit.id,
        business_user_id=x_business_user_id or caller.user_id,
        request=raw,
        created_at=now,
        send_at=send_at,
        trace=trace(body["referenceNumber"]),
        due=world.schedule.at(send_at, partial(_send, world, invitation_id)),
    )
    world.invitations[invitation_id] = invitation
    return Answer(
        int(world.variants["invitation_status"]),
        hint=advice or _slashed_hint(body) or hints.queued(iso(invitation.send_at)),
        trace=invitation.trace,
    )


def _send(world: World, invitation_id: str) -> None:
    invitation = world.invitations[invitation_id]
    invitation.state = "delivered"
    invitation.sent_at = world.now()


def _check_template(world: World, unit: BusinessUnit, part: str, content: dict[str, Any]) -> None:
    template_id = content.get("templateId")
    if template_id is None:
        return
    template = world.templates.get(template_id)
    if template is None or template.business_unit != unit.id:
        raise Problem("invalid-request", hint=hints.template_unknown(part), detail=hints.template_unknown(part))


def _send_time(world: World, part: str, content: dict[str, Any]) -> float | None:
    text = content.get("preferredSendTime")
    if text is None:
        return None
    moment = send_time(text, world.variants["send_time_formats"])
    if moment is None:
        sentence = hints.send_time_unreadable(part, text)
        raise Problem("invalid-request", hint=sentence, detail=sentence)
    return moment


def send_time(text: str, formats: str) -> float | None:
    """A ``preferredSendTime`` in seconds since 1970; None when it has no accepted form.

    :param formats: the variant ``send_time_formats``. The slashed form is month first: the reference's
        ``09/07/2013`` stands as ``2013-09-07`` elsewhere.
    """
    if _SLASHED.fullmatch(text):
        if formats == "iso":
            return None
        try:
            return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
    return None if formats == "slashed" else parse_iso(text)


def _slashed_hint(body: dict[str, Any]) -> str | None:
    for part in _PARTS:
        text = body.get(part, {}).get("preferredSendTime")
        if text is not None and _SLASHED.fullmatch(text):
            moment = send_time(text, "slashed")
            return hints.send_time_slashed(iso(moment)) if moment is not None else None
    return None


def document(invitation: Invitation) -> dict[str, Any]:
    """An invitation for the control API: Trustpilot's own field names, then what the mock knows of it."""
    request: dict[str, Any] = json.loads(invitation.request)
    return request | {
        "id": invitation.id,
        "businessUnitId": invitation.business_unit_id,
        "businessUserId": invitation.business_user_id,
        "state": invitation.state,
        "createdAt": iso(invitation.created_at),
        "sendAt": iso(invitation.send_at),
        "sentAt": None if invitation.sent_at is None else iso(invitation.sent_at),
        "trace": invitation.trace,
    }
