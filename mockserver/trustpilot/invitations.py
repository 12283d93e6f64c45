"""Invitations by e-mail and their templates. Chapter "Invitation API"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso, iso_milliseconds, parse_iso
from mockserver.problems import Problem
from mockserver.trustpilot import invitation_life
from mockserver.trustpilot.access import partner_advice, reach
from mockserver.trustpilot.invitation_life import PARTS
from mockserver.trustpilot.locales import LOCALES
from mockserver.trustpilot.model import BusinessUnit, Template, Token
from mockserver.trustpilot.world import World
from mockserver.wire import to_json

bindings = Bindings()

_SLASHED = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", re.ASCII)

Json = dict[str, Any]


@bindings.handles("createEmailInvitations")
def create_email_invitations(
    world: World,
    caller: Token,
    business_unit_id: str,
    x_business_user_id: str | None,
    body: Json,
    raw: bytes,
    carries: Callable[[str], bool],
    trace: Callable[[str], str],
    api_url: str,
) -> Answer:
    """Queue an invitation (INV; SUP-WALK and INV-COM for what is required): a mail for each of its two parts."""
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    advice = partner_advice(world, caller, carries)
    times = _checked(world, unit, body)
    [first, *_] = invitation_life.queue(
        world,
        unit.id,
        x_business_user_id or caller.user_id,
        raw,
        times,
        base_url=api_url,
        trace=trace(body["referenceNumber"]),
    )
    return Answer(
        int(world.variants["invitation_status"]),
        hint=advice or _slashed_hint(body) or hints.queued(iso(first.send_at)),
    )


def _checked(world: World, unit: BusinessUnit, body: Json) -> dict[str, float | None]:
    """The moments wished for, by kind of review.

    :raises Problem: ``invalid-request``, naming what is wrong with templates, locale, times or SKUs
    """
    check_locale(world, body.get("locale"))
    parts = {kind: (name, body[name]) for kind, name in PARTS.items() if name in body}
    times = {kind: _wished(world, f"{name}.preferredSendTime", part) for kind, (name, part) in parts.items()}
    for name, part in parts.values():
        _check_template(world, unit, f"{name}.templateId", part.get("templateId"))
    service, product = times.get("service"), times.get("product")
    if service is not None and product is not None and service >= product:
        raise invalid(hints.service_first())
    skus = body.get(PARTS["product"], {}).get("productSkus", ())
    missing = [sku for sku in skus if (unit.id, sku) not in world.products]
    if missing:
        raise invalid(hints.skus_unknown(missing))
    return times


@bindings.handles("createInvitation")
def create_invitation(
    world: World,
    caller: Token,
    business_unit_id: str,
    x_business_user_id: str | None,
    body: Json,
    carries: Callable[[str], bool],
    trace: Callable[[str], str],
    api_url: str,
) -> Answer:
    """Queue a service invitation by the older path, which programs still use (FLO; NODE of 2017 for the fields)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    advice = partner_advice(world, caller, carries)
    check_locale(world, body.get("locale"))
    times = {"service": _wished(world, "preferredSendTime", body)}
    _check_template(world, unit, "templateId", body.get("templateId"))
    user_id = x_business_user_id or caller.user_id
    [mail] = invitation_life.queue(
        world,
        unit.id,
        user_id,
        to_json(_as_documented(body)),
        times,
        base_url=api_url,
        trace=trace(body["referenceId"]),
    )
    answer = {
        "id": mail.id,
        "businessUnitId": unit.id,
        "businessUserId": user_id,
        "recipient": {"name": body["recipientName"], "email": body["recipientEmail"]},
        "referenceId": body["referenceId"],
        "templateId": body.get("templateId"),
        "locale": body.get("locale"),
        "sender": {"email": body.get("senderEmail"), "name": body.get("senderName")},
        "replyTo": body.get("replyTo"),
        "createdTime": iso_milliseconds(mail.created_at),
        "preferredSendTime": iso_milliseconds(mail.send_at),
        "sentTime": None,
        "tags": body.get("tags", []),
        "redirectUri": body.get("redirectUri"),
        "status": invitation_life.state(mail, world.now()),
        "source": "InvitationApi",
    }
    return Answer(200, answer, hint=advice or hints.queued(iso(mail.send_at)))


def _as_documented(body: Json) -> Json:
    """The older body with today's names, so that one kind of invitation is kept."""
    names = {
        "referenceNumber": "referenceId",
        "consumerName": "recipientName",
        "consumerEmail": "recipientEmail",
        **{name: name for name in ("locale", "senderEmail", "senderName", "replyTo")},
    }
    part = {name: body[name] for name in ("templateId", "preferredSendTime", "redirectUri", "tags") if body.get(name)}
    return {name: body[old] for name, old in names.items() if body.get(old)} | {PARTS["service"]: part}


@bindings.handles("listInvitationTemplates")
def list_templates(world: World, caller: Token, business_unit_id: str, x_business_user_id: str | None) -> Json:
    """The unit's templates (INV-OV; the fields as read by programs)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id)
    return {"templates": [_template(entry) for entry in world.templates.values() if entry.business_unit == unit.id]}


def _template(template: Template) -> Json:
    return {
        "id": template.id,
        "name": template.name,
        "isDefaultTemplate": template.default,
        "locale": template.locale,
        "language": template.locale[:2],
        "type": template.type,
    }


def invalid(sentence: str) -> Problem:
    """A 400 that says in its details what the hint says."""
    return Problem("invalid-request", hint=sentence, detail=sentence)


def check_locale(world: World, locale: str | None) -> None:
    """Refuse a locale that Trustpilot does not have, unless the variant ``invitation_locale`` takes any.

    :raises Problem: ``invalid-request``
    """
    if locale is not None and locale not in LOCALES and world.variants["invitation_locale"] == "known":
        raise invalid(hints.locale_unknown(locale, LOCALES))


def _check_template(world: World, unit: BusinessUnit, where: str, template_id: str | None) -> None:
    if template_id is None:
        return
    template = world.templates.get(template_id)
    if template is None or template.business_unit != unit.id:
        raise invalid(hints.template_unknown(where))


def _wished(world: World, where: str, content: Json) -> float | None:
    text = content.get("preferredSendTime")
    return None if text is None else checked_moment(world, where, text)


def checked_moment(world: World, where: str, text: str) -> float:
    """A moment in one of the forms that the variant ``send_time_formats`` lets pass.

    :raises Problem: ``invalid-request``
    """
    moment = send_time(text, world.variants["send_time_formats"])
    if moment is None:
        raise invalid(hints.send_time_unreadable(where, text))
    return moment


def send_time(text: str, formats: str) -> float | None:
    """A ``preferredSendTime`` in seconds since 1970; None when it has no accepted form.

    :param formats: the variant ``send_time_formats``. The slashed form is month first: the reference's
        ``09/07/2013`` stands as ``2013-09-07`` elsewhere.
    """
    if is_slashed(text):
        if formats == "iso":
            return None
        try:
            return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
    return None if formats == "slashed" else parse_iso(text)


def is_slashed(text: str) -> bool:
    """Whether a moment is written in the documented, ambiguous form."""
    return _SLASHED.fullmatch(text) is not None


def _slashed_hint(body: Json) -> str | None:
    for part in PARTS.values():
        text = body.get(part, {}).get("preferredSendTime")
        if text is not None and is_slashed(text):
            moment = send_time(text, "slashed")
            return hints.send_time_slashed(iso(moment)) if moment is not None else None
    return None
