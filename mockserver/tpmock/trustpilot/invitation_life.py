"""The states of an invitation on the timeline: queued, sending, and the outcome (SUP-STATUS)."""

from __future__ import annotations

import json
from sys import intern
from typing import Final

import msgspec
from tpmock.common.mail_addresses import is_address
from tpmock.core.json_text import members
from tpmock.core.responses import Bindings, Join
from tpmock.trustpilot import trigger_addresses
from tpmock.trustpilot.links import page_url
from tpmock.trustpilot.model import Invitation, InvitationLink, InvitationState, Json
from tpmock.trustpilot.world import World, fingerprint

#: "Queued and sent within minutes": the delay of an invitation without a send time.
DEFAULT_DELAY: Final = 120.0
#: Time between the service invitation and a product invitation without a send time; no source says.
PRODUCT_AFTER_SERVICE: Final = 60.0
#: Time between leaving the queue and the send time; no source says.
SENDING: Final = 10.0
#: Time that slow invitations stay in sending, and time until a recipient unsubscribes.
SLOW: Final = 3600.0
READING: Final = 60.0

actions = Bindings()


def queue(
    world: World, unit_id: str, user_id: str | None, request: bytes, times: Json, *, base_url: str, trace: str | None
) -> list[Invitation]:
    """Create an email for each requested kind of review, the service invitation first.

    :param request: the body, with the documented names
    :param times: by kind, ``service`` or ``product``, the requested time; None without one
    :param base_url: the address by which the caller reached us, for the link in the email
    """
    now = world.now()
    request_id = world.random.object_id()
    mails: list[Invitation] = []
    for kind, send_at in _send_times(now, times).items():
        invitation_id = world.random.object_id() if mails else request_id
        mail = Invitation(
            id=invitation_id,
            type="service" if kind == "service" else "product",
            business_unit_id=unit_id,
            business_user_id=user_id,
            request=request,
            request_id=request_id,
            base_url=intern(base_url),
            created_at=now,
            send_at=send_at,
            trace=trace,
            due=world.schedule.at(send_at, "deliver-invitation", invitation_id),
        )
        world.invitations[invitation_id] = mail
        mails.append(mail)
        _record_step(world, mail, "orderId")
    return mails


def _record_step(world: World, mail: Invitation, join: Join = "invitationId") -> None:
    world.traces.note(mail.trace, f"invitation-{mail.state}", join, mail.id, mail.type, mail.send_at, mail.reason)


def _send_times(now: float, times: Json) -> dict[str, float]:
    """Return the send times: as requested, but never in the past, and the service invitation not after the product
    one.
    """
    result = {}
    wished = times.get("product")
    if "service" in times:
        default = now + DEFAULT_DELAY if wished is None else min(now + DEFAULT_DELAY, wished)
        result["service"] = max(now, default if times["service"] is None else times["service"])
    if "product" in times:
        default = result["service"] + PRODUCT_AFTER_SERVICE if "service" in result else now + DEFAULT_DELAY
        result["product"] = max(now, default if wished is None else wished, result.get("service", now))
    return result


@actions.handles("deliver-invitation")
def _arrive(world: World, invitation_id: str) -> None:
    mail = world.invitations[invitation_id]
    email = addressee(mail).email
    outcome = trigger_addresses.outcome(email)
    if outcome is not None and outcome.local_part == "slow" and mail.state == "queued":
        mail.state = "sending"
        mail.due = world.schedule.at(mail.send_at + SLOW, "deliver-invitation", invitation_id)
        _record_step(world, mail)
        return
    if reason := _undeliverable(world, email) or (outcome and outcome.reason):
        mail.state, mail.reason = "not-delivered", reason
        world.invitations.reweigh(mail.id)
        _record_step(world, mail)
        return
    mail.state = "delivered"
    world.invitations.reweigh(mail.id)
    mail.sent_at = world.now()
    link = _link(world, mail)
    mail.link = link.id
    world.add_link(link)
    _record_step(world, mail)
    if outcome is not None and outcome.state == "delivered-unsubscribed":
        mail.due = world.schedule.at(world.now() + READING, "unsubscribe", invitation_id)


def _undeliverable(world: World, email: str) -> str | None:
    if not is_address(email):
        return "invalid-address"
    return "unsubscribed" if fingerprint(email) in world.unsubscribed else None


@actions.handles("unsubscribe")
def _unsubscribe(world: World, invitation_id: str) -> None:
    mail = world.invitations[invitation_id]
    mail.state = "delivered-unsubscribed"
    _record_step(world, mail)
    world.unsubscribed[fingerprint(addressee(mail).email)] = None


def _link(world: World, mail: Invitation) -> InvitationLink:
    request = request_of(mail)
    part: Json = request[PARTS[mail.type]]
    return InvitationLink(
        id=world.secrets.hexadecimal(32),
        unit=mail.business_unit_id,
        kind=mail.type,
        reference_id=request["referenceNumber"],
        email=request["consumerEmail"],
        name=request["consumerName"],
        locale=request.get("locale"),
        redirect_uri=part.get("redirectUri"),
        created_at=world.now(),
        location=request.get("locationId"),
        tags=part.get("tags", []),
        products=products(world, mail.business_unit_id, part) if mail.type == "product" else [],
        invitation=mail.id,
        trace=mail.trace,
    )


def products(world: World, unit_id: str, part: Json) -> list[Json]:
    """Return the products of an invitation, with the field names of ``products``; SKUs are looked up in the catalog."""
    if "products" in part:
        return list(part["products"])
    found = []
    for sku in part["productSkus"]:
        entry = world.products.get((unit_id, sku))
        fields = {} if entry is None else entry.fields
        names = {"name": "title", "productUrl": "link", "imageUrl": "imageLink", "brand": "brand"}
        known = {name: fields[other] for name, other in names.items() if fields.get(other) is not None}
        found.append({"name": sku, **known, "sku": sku})
    return found


def state(mail: Invitation, now: float) -> InvitationState:
    """Return the state of an email. Only time separates queued from sending, so the timeline has no entry for it."""
    return "sending" if mail.state == "queued" and now >= mail.send_at - SENDING else mail.state


def document(mail: Invitation, now: float) -> Json:
    """Return an email for the control API: the request's own field names, then what the mock knows of it.

    ``type`` is service or product; it replaces the request's own ``type``, whose values no source lists.
    """
    return request_of(mail) | {
        **members(mail, "id", "request_id", "type", "business_unit_id", "business_user_id", "reason"),
        **members(mail, "created_at", "send_at", "sent_at", "trace"),
        "state": state(mail, now),
        "link": _address(mail),
    }


def envelope(world: World, mail: Invitation) -> Json:
    """Return what a mailbox lists of an email: sender, subject, and the template and locale that were asked for."""
    request = request_of(mail)
    part: Json = request[PARTS[mail.type]]
    unit = world.units[mail.business_unit_id].display_name
    return {
        "from": {"name": request.get("senderName", unit), "email": request.get("senderEmail", SENDER)},
        "template": template_name(world, mail),
        "locale": request.get("locale"),
        "subject": f"{request['consumerName']}, how was {_subject_matter(world, mail, part)}?",
    }


def _subject_matter(world: World, mail: Invitation, part: Json) -> str:
    if mail.type == "product":
        return ", ".join(str(product["name"]) for product in products(world, mail.business_unit_id, part))
    return f"your experience with {world.units[mail.business_unit_id].display_name}"


def email(world: World, mail: Invitation) -> Json:
    """Return the email as the consumer would see it. The text is ours, and says so."""
    request = request_of(mail)
    about = _subject_matter(world, mail, request[PARTS[mail.type]])
    link = _address(mail)
    return {
        **envelope(world, mail),
        "replyTo": request.get("replyTo"),
        "to": {"name": request["consumerName"], "email": request["consumerEmail"]},
        "text": "\n".join(
            [
                f"Hello {request['consumerName']},",
                "",
                f"Please tell others about {about} (reference {request['referenceNumber']}):",
                link or "(the link appears here when the email is delivered)",
                "",
                "Unofficial: made by tpmock, a local mock. This is not Trustpilot, and no email was sent.",
            ]
        ),
        "link": link,
    }


#: Default sender of an invitation; the local part is the default of clients (WILD).
SENDER: Final = "noreply.invitations@trustpilotmail.example"


def _address(mail: Invitation) -> str | None:
    return None if mail.link is None else page_url(mail.base_url, mail.type, mail.link)


#: The member of the request that asks for each kind of review.
PARTS: Final = {"service": "serviceReviewInvitation", "product": "productReviewInvitation"}


def request_of(mail: Invitation) -> Json:
    """Return the whole request of an email, which is stored as the bytes that were sent."""
    read: Json = json.loads(mail.request)
    return read


class Addressee(msgspec.Struct, frozen=True):
    """Recipient and order of an invitation."""

    email: str = msgspec.field(name="consumerEmail")
    name: str = msgspec.field(name="consumerName")
    reference: str = msgspec.field(name="referenceNumber")


class _Part(msgspec.Struct, frozen=True):
    template: str | None = msgspec.field(name="templateId", default=None)


class _Design(msgspec.Struct, frozen=True):
    """What an invitation asks of its email."""

    locale: str | None = None
    service: _Part | None = msgspec.field(name=PARTS["service"], default=None)
    product: _Part | None = msgspec.field(name=PARTS["product"], default=None)


#: They decode only these members, in a tenth of the time: a search decodes ten thousand emails.
_DECODER: Final = msgspec.json.Decoder(Addressee)
_DESIGN: Final = msgspec.json.Decoder(_Design)


def addressee(mail: Invitation) -> Addressee:
    """Return the recipient of an email."""
    try:
        return _DECODER.decode(mail.request)
    except (ValueError, msgspec.MsgspecError):  # half a character, which only json takes
        whole = request_of(mail)
        return Addressee(whole["consumerEmail"], whole["consumerName"], whole["referenceNumber"])


def may_contain(mail: Invitation, sought: str) -> bool:
    """Return whether a text of the request can contain ``sought``, which is case-folded.

    It takes a fifteenth of the time of reading the request. A request with escapes, or in another encoding than
    UTF-8, can contain everything.
    """
    try:
        text = mail.request.decode()
    except UnicodeDecodeError:
        return True
    return "\\" in text or "\0" in text or sought in text.casefold()


def template_name(world: World, mail: Invitation) -> str | None:
    """Return the name of the template that an email asks for; None for the default of the business unit."""
    design = _design(mail)
    part = design.service if mail.type == "service" else design.product
    template = world.templates.get((part and part.template) or "")
    return None if template is None else template.name


def locale(mail: Invitation) -> str | None:
    """Return the locale that an email asks for."""
    return _design(mail).locale


def _design(mail: Invitation) -> _Design:
    try:
        return _DESIGN.decode(mail.request)
    except (ValueError, msgspec.MsgspecError):  # half a character, which only json takes
        return msgspec.convert(request_of(mail), _Design, strict=False)
