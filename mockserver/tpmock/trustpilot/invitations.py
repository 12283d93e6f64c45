"""Email invitations, their templates, and invitation links. Chapter "Invitation API"."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from tpmock.common.locales import LOCALES
from tpmock.common.mail_addresses import is_address
from tpmock.common.moments import iso, iso_milliseconds, parse_iso
from tpmock.core import hints
from tpmock.core.json_text import members, to_json
from tpmock.core.problems import Problem, invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.spec.model import FORM
from tpmock.trustpilot import invitation_life
from tpmock.trustpilot.access import TraceOf, inviting_unit, reach
from tpmock.trustpilot.invitation_life import PARTS, products
from tpmock.trustpilot.links import page_url
from tpmock.trustpilot.model import BusinessUnit, InvitationLink, Json, Template, Token
from tpmock.trustpilot.world import World

bindings = Bindings()

_WEB: Final = re.compile(r"https?://[^/\s]", re.IGNORECASE)
#: The default source of an invitation by the older route, as its readers show.
SOURCE: Final = "InvitationApi"

_SLASHED = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", re.ASCII)


@bindings.handles("createEmailInvitations")
def create_email_invitations(
    world: World,
    caller: Token,
    arguments: Json,
    body: Json,
    raw: bytes,
    content_type: str,
    trace: TraceOf,
    api_url: str,
) -> Answer:
    """Queue an invitation (INV; SUP-WALK and INV-COM for required members): an email for each of its two parts."""
    unit = inviting_unit(world, caller, arguments)
    times = _checked(world, unit, body)
    user_id, order = arguments["x_business_user_id"] or caller.user_id, trace(body["referenceNumber"])
    request = to_json(body) if content_type == FORM else raw
    [first, *_] = invitation_life.queue(world, unit.id, user_id, request, times, base_url=api_url, trace=order)
    hint = _past(world, times) or _slashed_hint(body) or hints.QUEUED.format(until=iso(first.send_at))
    return Answer(int(world.variants["invitation_status"]), hint=hint)


def _checked(world: World, unit: BusinessUnit, body: Json) -> dict[str, float | None]:
    """Return the requested send times, by kind of review.

    :raises Problem: ``invalid-request``, when templates, locale, times or SKUs are not valid
    """
    check_locale(world, body.get("locale"))
    check_addresses(world, body)
    parts = {kind: (name, body[name]) for kind, name in PARTS.items() if name in body}
    times = {kind: _wished(world, f"{name}.preferredSendTime", part) for kind, (name, part) in parts.items()}
    for name, part in parts.values():
        check_redirect(part, f"{name}.")
        _check_template(world, unit, f"{name}.templateId", part.get("templateId"))
    service, product = times.get("service"), times.get("product")
    if service is not None and product is not None and service > product:
        raise invalid(hints.SERVICE_FIRST, "preferredSendTime")
    skus = body.get(PARTS["product"], {}).get("productSkus", ())
    missing = [sku for sku in skus if (unit.id, sku) not in world.products]
    if missing:
        raise invalid(hints.SKUS_UNKNOWN.format(skus=", ".join(missing)), "productSkus")
    return times


@bindings.handles("createInvitation")
def create_invitation(world: World, caller: Token, arguments: Json, body: Json, trace: TraceOf, api_url: str) -> Answer:
    """Queue a service invitation by the older path, which programs still use (FLO; NODE of 2017 for the fields)."""
    unit = inviting_unit(world, caller, arguments)
    check_locale(world, body.get("locale"))
    check_addresses(world, body)
    check_redirect(body)
    times = {"service": _wished(world, "preferredSendTime", body)}
    _check_template(world, unit, "templateId", body.get("templateId"))
    user_id, order = arguments["x_business_user_id"] or caller.user_id, trace(body["referenceId"])
    request = to_json(_as_documented(body))
    [mail] = invitation_life.queue(world, unit.id, user_id, request, times, base_url=api_url, trace=order)
    answer = {
        **members(mail, "id", "business_unit_id", "business_user_id"),
        "recipient": {"name": body["recipientName"], "email": body["recipientEmail"]},
        "sender": {"email": body.get("senderEmail"), "name": body.get("senderName")},
        **{name: body.get(name) for name in ("referenceId", "templateId", "locale", "replyTo", "redirectUri")},
        "createdTime": iso_milliseconds(mail.created_at),
        "preferredSendTime": iso_milliseconds(mail.send_at),
        "sentTime": None,
        "tags": body.get("tags", []),
        "status": invitation_life.state(mail, world.now()),
        "source": SOURCE,
    }
    return Answer(200, answer, hint=_past(world, times) or hints.QUEUED.format(until=iso(mail.send_at)))


#: An invitation's state in the words of the observed route, of which only the first is known.
_STATUSES: Final = {"queued": "notsent", "sending": "notsent", "not-delivered": "notdelivered"}


@bindings.handles("getInvitation")
def get_invitation(
    world: World, caller: Token, business_unit_id: str, x_business_user_id: str | None, invitation_id: str
) -> Json:
    """Return an email by the id that the older path returns (MRALSTON)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id)
    mail = world.invitations.get(invitation_id.lower())
    if mail is None or mail.business_unit_id != unit.id:
        raise Problem("unknown-invitation", hint=hints.INVITATION_UNKNOWN)
    whom = invitation_life.addressee(mail)
    return {
        "id": mail.id,
        "status": _STATUSES.get(invitation_life.state(mail, world.now()), "sent"),
        "recipient": {"name": whom.name, "email": whom.email},
        "referenceId": whom.reference,
        "createdTime": iso_milliseconds(mail.created_at),
        "sentTime": None if mail.sent_at is None else iso_milliseconds(mail.sent_at),
        "preferredSendTime": iso_milliseconds(mail.send_at),
        "source": SOURCE,
        "invitationType": None,
        "includesProductReviewInvitations": PARTS["product"] in invitation_life.request_of(mail),
    }


def _as_documented(body: Json) -> Json:
    """Return the older body with today's names, so that only one form of invitation is stored."""
    names = {
        "referenceNumber": "referenceId",
        "consumerName": "recipientName",
        "consumerEmail": "recipientEmail",
        **{name: name for name in ("locale", "senderEmail", "senderName", "replyTo")},
    }
    part = {name: body[name] for name in ("templateId", "preferredSendTime", "redirectUri", "tags") if body.get(name)}
    return {name: body[old] for name, old in names.items() if body.get(old)} | {PARTS["service"]: part}


@bindings.handles("listInvitationTemplates")
def list_templates(
    world: World, caller: Token, business_unit_id: str, x_business_user_id: str | None, types: list[str] | None
) -> Json:
    """List the unit's templates (INV-OV; the fields and the filter as in programs)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id)
    shown = map(_template, (entry for entry in world.templates.values() if entry.business_unit == unit.id))
    return {"templates": [entry for entry in shown if types is None or entry["type"] in types]}


def _template(template: Template) -> Json:
    return {
        **members(template, "id", "name", "locale"),
        "type": f"{template.type.capitalize()}Review",
        "isDefaultTemplate": template.default,
        "language": template.locale[:2],
    }


def check_locale(world: World, locale: str | None) -> None:
    """Refuse an unknown locale, unless the variant ``invitation_locale`` accepts any.

    :raises Problem: ``invalid-request``
    """
    if locale is not None and locale not in LOCALES and world.variants["invitation_locale"] == "known":
        raise invalid(hints.LOCALE_UNKNOWN.format(given=locale, known=", ".join(LOCALES)), "locale")


#: The members of a request that hold an email address, by the object that contains them.
_ADDRESSES: Final = ("consumerEmail", "recipientEmail", "email", "senderEmail", "replyTo")


def check_addresses(world: World, holder: Json) -> None:
    """Refuse an impossible e-mail address, unless the variant ``impossible_address`` queues the invitation.

    :raises Problem: ``invalid-request``
    """
    if world.variants["impossible_address"] != "refused":
        return
    for where in _ADDRESSES:
        given = holder.get(where)
        if given is not None and not is_address(given):
            raise invalid(hints.ADDRESS_IMPOSSIBLE.format(where=where, given=given), where)


def check_redirect(holder: Json, path: str = "") -> None:
    """Refuse a redirect address that is not a web address.

    :raises Problem: ``invalid-request``
    """
    given = holder.get("redirectUri")
    if given and not _WEB.match(given):
        raise invalid(hints.REDIRECT_NOT_WEB.format(where=f"{path}redirectUri", given=given), f"{path}redirectUri")


def _past(world: World, times: dict[str, float | None]) -> str | None:
    """Return a hint when a send time is in the past."""
    told = [
        hints.SEND_TIME_PAST.format(where=f"{PARTS[kind]}.preferredSendTime", read=iso(moment))
        for kind, moment in times.items()
        if moment is not None and moment < world.now()
    ]
    return " ".join(told) or None


def _check_template(world: World, unit: BusinessUnit, where: str, template_id: str | None) -> None:
    if template_id is None:
        return
    template = world.templates.get(template_id)
    if template is None or template.business_unit != unit.id:
        own = [entry.id for entry in world.templates.values() if entry.business_unit == unit.id]
        raise invalid(hints.TEMPLATE_UNKNOWN.format(where=where, known=", ".join(own) or "none"), where)


def _wished(world: World, where: str, content: Json) -> float | None:
    text = content.get("preferredSendTime")
    return None if text is None else checked_moment(world, where, text)


def checked_moment(world: World, where: str, text: str) -> float:
    """Return a time in one of the forms that the variant ``send_time_formats`` accepts.

    :raises Problem: ``invalid-request``
    """
    moment = send_time(text, world.variants["send_time_formats"])
    if moment is None:
        raise invalid(hints.SEND_TIME_UNREADABLE.format(where=where, given=text), where)
    return moment


def send_time(text: str, formats: str) -> float | None:
    """Return a ``preferredSendTime`` in seconds since 1970; None when its form is not accepted.

    :param formats: the variant ``send_time_formats``. The slashed form is month first: the reference's
        ``09/07/2013`` appears as ``2013-09-07`` elsewhere.
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
    """Return whether a time is in the documented, ambiguous form."""
    return _SLASHED.fullmatch(text) is not None


def _slashed_hint(body: Json) -> str | None:
    for part in PARTS.values():
        text = body.get(part, {}).get("preferredSendTime")
        if text is not None and is_slashed(text):
            moment = send_time(text, "slashed")
            return None if moment is None else hints.MOMENT_SLASHED.format(where="preferredSendTime", read=iso(moment))
    return None


#: The members of the answer for each kind of review: id and address.
_ANSWERS: Final = {"service": ("id", "url"), "product": ("reviewLinkId", "reviewUrl")}


@bindings.handles("createServiceReviewInvitationLink", "createProductReviewInvitationLink")
def create_invitation_link(
    world: World,
    caller: Token,
    operation: str,
    arguments: Json,
    body: Json,
    trace: TraceOf,
    api_url: str,
) -> Answer:
    """Create a link for one consumer and one experience, or for bought products (INV, PR).

    Id and address of a service link are as in recorded answers; the members for a product link from NODE, FLO and GO.
    """
    unit = inviting_unit(world, caller, arguments)
    check_locale(world, body.get("locale"))
    service = operation == "createServiceReviewInvitationLink"
    who, reference_id = body if service else body["consumer"], body.get("referenceId")
    check_addresses(world, who)
    check_redirect(body)
    link = InvitationLink(
        id=world.secrets.hexadecimal(32),
        unit=unit.id,
        kind="service" if service else "product",
        reference_id=reference_id,
        email=who.get("email"),
        name=who.get("name"),
        locale=body.get("locale"),
        redirect_uri=body.get("redirectUri"),
        created_at=world.now(),
        location=body.get("locationId") if service else None,
        tags=body.get("tags", []) if service else [],
        products=[] if service else _bought(world, unit, body),
        trace=None if reference_id is None else trace(reference_id),
    )
    world.add_link(link)
    world.traces.note(link.trace, "link-made", "orderId", link.id, link.kind)
    answer = zip(_ANSWERS[link.kind], (link.id, page_url(api_url, link.kind, link.id)), strict=True)
    return Answer(200, dict(answer), hint=hints.LINK_NOT_SENT)


def _bought(world: World, unit: BusinessUnit, body: Json) -> list[Json]:
    """Return the products, as sent or from the catalog.

    :raises Problem: ``invalid-request`` for ids that are not in a catalog of this unit
    """
    if "products" in body:
        return products(world, unit.id, {"products": body["products"]})
    known = {entry.id: entry.sku for entry in world.products.values() if entry.unit == unit.id}
    wanted = [product_id.lower() for product_id in body["productIds"]]
    missing = [product_id for product_id in wanted if product_id not in known]
    if missing:
        raise invalid(hints.PRODUCT_IDS_UNKNOWN.format(ids=", ".join(missing)), "productIds")
    return products(world, unit.id, {"productSkus": [known[product_id] for product_id in wanted]})
