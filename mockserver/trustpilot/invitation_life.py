"""The life of an invitation on the timeline: queued, sending, and how it ends (SUP-STATUS)."""

from __future__ import annotations

import json
from sys import intern
from typing import Any, Final

from mockserver.clock import iso
from mockserver.timeline import Acts
from mockserver.traces import Join
from mockserver.trustpilot import magic_addresses
from mockserver.trustpilot.links import page_url
from mockserver.trustpilot.model import Invitation, InvitationLink, InvitationState
from mockserver.trustpilot.world import World, fingerprint

#: "Queued and sent within minutes": how long an invitation without a send time waits.
DEFAULT_DELAY: Final = 120.0
#: How long after the service invitation a product invitation without a send time leaves; no source says.
PRODUCT_AFTER_SERVICE: Final = 60.0
#: How long before its send time an invitation has left the queue and is on its way; no source says.
SENDING: Final = 10.0
#: How long the slow ones stay in sending, and how long someone takes to read a mail and unsubscribe.
SLOW: Final = 3600.0
READING: Final = 60.0

PARTS: Final = {"service": "serviceReviewInvitation", "product": "productReviewInvitation"}

Json = dict[str, Any]

acts = Acts()


def queue(
    world: World, unit_id: str, user_id: str | None, request: bytes, times: Json, *, base_url: str, trace: str | None
) -> list[Invitation]:
    """One mail for each kind of review that is asked for, the service invitation first.

    :param request: the body, with the documented names
    :param times: by kind, ``service`` or ``product``, the moment wished for; None where none was
    :param base_url: where the caller reached us, for the link in the mail
    """
    now = world.now()
    request_id = world.chance.object_id()
    mails: list[Invitation] = []
    for kind, send_at in _send_times(now, times).items():
        invitation_id = world.chance.object_id() if mails else request_id
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
        _tell(world, mail, "orderId")
    return mails


def _tell(world: World, mail: Invitation, join: Join = "invitationId") -> None:
    """Note in the trace where a mail stands now."""
    world.traces.note(mail.trace, f"invitation-{mail.state}", join, mail.id, mail.type, mail.send_at, mail.reason)


def _send_times(now: float, times: Json) -> dict[str, float]:
    """When each mail leaves: as wished, but never in the past, and the service invitation not after the product one."""
    result = {}
    wished = times.get("product")
    if "service" in times:
        default = now + DEFAULT_DELAY if wished is None else min(now + DEFAULT_DELAY, wished)
        result["service"] = max(now, default if times["service"] is None else times["service"])
    if "product" in times:
        default = result["service"] + PRODUCT_AFTER_SERVICE if "service" in result else now + DEFAULT_DELAY
        result["product"] = max(now, default if wished is None else wished, result.get("service", now))
    return result


@acts.performs("deliver-invitation")
def _arrive(world: World, invitation_id: str) -> None:
    mail = world.invitations[invitation_id]
    request: Json = json.loads(mail.request)
    email = request["consumerEmail"]
    fate = magic_addresses.fate(email)
    if fate is not None and fate.local_part == "slow" and mail.state == "queued":
        mail.state = "sending"
        mail.due = world.schedule.at(mail.send_at + SLOW, "deliver-invitation", invitation_id)
        _tell(world, mail)
        return
    reason = "unsubscribed" if fingerprint(email) in world.unsubscribed else fate.reason if fate is not None else None
    if reason is not None:
        mail.state, mail.reason = "not-delivered", reason
        _tell(world, mail)
        return
    mail.state = "delivered"
    mail.sent_at = world.now()
    link = _link(world, mail, request)
    mail.link = link.id
    world.add_link(link)
    _tell(world, mail)
    if fate is not None and fate.state == "delivered-unsubscribed":
        mail.due = world.schedule.at(world.now() + READING, "unsubscribe", invitation_id)


@acts.performs("unsubscribe")
def _unsubscribe(world: World, invitation_id: str) -> None:
    mail = world.invitations[invitation_id]
    mail.state = "delivered-unsubscribed"
    _tell(world, mail)
    world.unsubscribed[fingerprint(json.loads(mail.request)["consumerEmail"])] = None


def _link(world: World, mail: Invitation, request: Json) -> InvitationLink:
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
    """What a product invitation is about, with the field names of ``products``; SKUs are looked up in the catalogue."""
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
    """Where a mail stands. From queued to sending nothing happens but time, so that has no place on the timeline."""
    return "sending" if mail.state == "queued" and now >= mail.send_at - SENDING else mail.state


def document(mail: Invitation, now: float) -> Json:
    """A mail for the control API: the request's own field names, then what the mock knows of it.

    ``type`` says service or product; the request's own ``type``, of which no source lists the values, gives way to it.
    """
    request: Json = json.loads(mail.request)
    return request | {
        "id": mail.id,
        "requestId": mail.request_id,
        "type": mail.type,
        "businessUnitId": mail.business_unit_id,
        "businessUserId": mail.business_user_id,
        "state": state(mail, now),
        "reason": mail.reason,
        "createdAt": iso(mail.created_at),
        "sendAt": iso(mail.send_at),
        "sentAt": None if mail.sent_at is None else iso(mail.sent_at),
        "link": _address(mail),
        "trace": mail.trace,
    }


def letter(world: World, mail: Invitation) -> Json:
    """The mail as the consumer would find it: ours in every word, and it says so."""
    request: Json = json.loads(mail.request)
    unit = world.units[mail.business_unit_id].display_name
    about = f"your experience with {unit}"
    if mail.type == "product":
        bought = products(world, mail.business_unit_id, request[PARTS["product"]])
        about = ", ".join(str(product["name"]) for product in bought)
    template_id = request[PARTS[mail.type]].get("templateId")
    template = world.templates.get(template_id) if template_id else None
    link = _address(mail)
    return {
        "from": {"name": request.get("senderName", unit), "email": request.get("senderEmail", SENDER)},
        "replyTo": request.get("replyTo"),
        "to": {"name": request["consumerName"], "email": request["consumerEmail"]},
        "template": None if template is None else template.name,
        "locale": request.get("locale"),
        "subject": f"{request['consumerName']}, how was {about}?",
        "text": "\n".join(
            [
                f"Hello {request['consumerName']},",
                "",
                f"Please tell others about {about} (reference {request['referenceNumber']}):",
                link or "(the link appears here once the mail is delivered)",
                "",
                "Unofficial: made by tpmock, a local mock. This is not Trustpilot, and no mail was sent.",
            ]
        ),
        "link": link,
    }


#: Who an invitation comes from unless the request says; the local part is what clients give as default (WILD).
SENDER: Final = "noreply.invitations@trustpilotmail.example"


def _address(mail: Invitation) -> str | None:
    return None if mail.link is None else page_url(mail.base_url, mail.type, mail.link)
