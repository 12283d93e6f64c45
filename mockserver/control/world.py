"""What consumers do, and webhooks: the side of the Trustpilot world that no API of Trustpilot's steers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso
from mockserver.control import rows
from mockserver.control.rows import Row
from mockserver.faults import magic
from mockserver.forgetting import Person
from mockserver.problems import Problem
from mockserver.trustpilot import answering, invitation_life, magic_addresses, reviewing, webhooks
from mockserver.trustpilot.locales import DEFAULT_LOCALE
from mockserver.trustpilot.model import (
    FinderRequest,
    InvitationLink,
    ProductReview,
    Report,
    ServiceReview,
    Subscription,
)
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]

#: What the writer of a review can tell the company that asked who they are (AIRBYTE).
_RESPONSE: Final = ("referenceId", "name", "submittedAt", "phoneNumber", "address", "message", "email")


def _invalid(sentence: str) -> Problem:
    return Problem("invalid-request", hint=sentence, detail=sentence)


def _unknown(kind: str, name: object) -> Problem:
    sentence = f"There is no {kind} {str(name)!r} in this sandbox."
    return Problem("unknown-thing", hint=sentence, detail=sentence)


def _conflict(sentence: str) -> Problem:
    return Problem("not-now", hint=sentence, detail=sentence)


# --- invitations ------------------------------------------------------------------------------------------------------


@bindings.handles("listMagicAddresses")
def list_magic_addresses() -> Json:
    """The addresses whose invitations end in a chosen way, and those whose calls fail."""
    fates = [
        {
            "localPart": fate.local_part,
            "example": f"{fate.local_part}+1001@example.com",
            "state": fate.state,
            "reason": fate.reason,
            "meaning": fate.meaning,
            "evidence": fate.evidence,
        }
        for fate in magic_addresses.FATES
    ]
    faults = [
        {
            "localPart": magic.example(kind),
            "example": f"{magic.example(kind)}+1001@example.com",
            "effect": kind.name,
            "meaning": kind.meaning,
        }
        for kind in magic.kinds()
    ]
    return {"magicAddresses": fates, "faultAddresses": faults, "total": len(fates) + len(faults)}


@bindings.handles("getInvitationMail")
def get_invitation_mail(world: World, invitation_id: str) -> Json:
    """The mail as its recipient would see it."""
    mail = world.invitations.get(invitation_id)
    if mail is None:
        raise _unknown("invitation", invitation_id)
    return invitation_life.letter(world, mail)


# --- reviews ----------------------------------------------------------------------------------------------------------


@bindings.handles("writeReview")
def write_review(world: World, body: Json) -> Answer:
    """A consumer answers an invitation, or writes without one."""
    if "invitation" in body:
        link = _open_link(world, body["invitation"], body.get("type"))
    else:
        unit_id = body.get("businessUnitId") or next(iter(world.units))
        if unit_id not in world.units:
            raise _unknown("business unit", unit_id)
        if body.get("type", "service") == "service":
            return Answer(201, rows.service_review(world, _organic(world, unit_id, body)))
        link = _catalogue_link(world, unit_id, body)
    if link.kind == "service":
        review = answering.write_service(
            world, link, stars=body["stars"], title=body.get("title", ""), text=body.get("text", "")
        )
        return Answer(201, rows.service_review(world, review))
    product = _product(link, body.get("sku"))
    written = answering.write_product(world, link, product, stars=body["stars"], text=body.get("text", ""))
    return Answer(201, rows.product_review(written))


def _organic(world: World, unit_id: str, body: Json) -> ServiceReview:
    return answering.write_organic(
        world,
        unit_id,
        stars=body["stars"],
        title=body.get("title", ""),
        text=body.get("text", ""),
        name=body.get("consumerName", "Anonymous"),
        email=body.get("consumerEmail"),
        language=body.get("language", DEFAULT_LOCALE[:2]),
    )


def _catalogue_link(world: World, unit_id: str, body: Json) -> InvitationLink:
    """A link nobody sent, for the review of one product without an invitation."""
    if "sku" not in body:
        raise _invalid("sku: say which product is reviewed")
    return InvitationLink(
        id="",
        unit=unit_id,
        kind="product",
        reference_id=None,
        email=body.get("consumerEmail"),
        name=body.get("consumerName"),
        locale=body.get("locale"),
        redirect_uri=None,
        created_at=world.now(),
        products=invitation_life.products(world, unit_id, {"productSkus": [body["sku"]]}),
    )


def _open_link(world: World, name: str, kind: str | None) -> InvitationLink:
    """The unused link that a mail's id, a link's id or a reference number means.

    :raises Problem: when there is none, saying whether the mail is not there yet or the review is
    """
    meant = [
        link
        for link in world.links.values()
        if name in (link.id, link.invitation, link.reference_id) and kind in (None, link.kind)
    ]
    if meant:
        for link in meant:
            if not link.used:
                return link
        raise _conflict(f"Every invitation {name!r} has its review already.")
    for mail in world.invitations.values():
        row = invitation_life.document(mail, world.now())
        if name in (row["id"], row["referenceNumber"]) and kind in (None, row["type"]):
            why = f" ({row['reason']})" if row["reason"] else f": it leaves at {row['sendAt']}, so advance the clock"
            raise _conflict(f"The invitation {name!r} is {row['state']}{why}.")
    raise _unknown("invitation", name)


def _product(link: InvitationLink, sku: str | None) -> Json:
    products = answering.open_products(link)
    found = [product for product in products if sku in (None, product["sku"])]
    if len(found) == 1:
        return found[0]
    raise _invalid(f"sku: one of {', '.join(product['sku'] for product in products)}")


@bindings.handles("changeReview")
def change_review(world: World, review_id: str, body: Json) -> Row:
    """The consumer revises it, or something about it is noted: verified, reported, liked."""
    review = _review(world, review_id)
    if isinstance(review, ProductReview):
        return _change_product_review(world, review, body)
    if "state" in body:
        raise _invalid("state: only product reviews have one")
    noted: Json = {}
    if "verified" in body:
        noted["verified"] = body["verified"]
    if "likes" in body:
        noted["likes"] = _known_consumers(world, body["likes"])
    if "report" in body:
        noted["report"] = None if body["report"] is None else _report(world, body["report"])
    if "findReviewer" in body:
        noted["finder_requests"] = _answered(world, review, body["findReviewer"])
    if noted:
        reviewing.note_service_review(world, review, **noted)
    revised = {name: body[name] for name in ("stars", "title", "text") if name in body}
    if revised:
        reviewing.revise_service_review(world, review, **revised)
    return rows.service_review(world, review)


def _change_product_review(world: World, review: ProductReview, body: Json) -> Row:
    surplus = sorted(body.keys() - {"stars", "text", "state"})
    if surplus:
        raise _invalid(f"{', '.join(surplus)}: only service reviews have that")
    names = {"stars": "stars", "text": "content", "state": "state"}
    reviewing.revise_product_review(world, review, **{names[name]: value for name, value in body.items()})
    return rows.product_review(review)


def _known_consumers(world: World, ids: list[str]) -> list[str]:
    for consumer_id in ids:
        if consumer_id not in world.consumers:
            raise _unknown("consumer", consumer_id)
    return list(dict.fromkeys(ids))


def _answered(world: World, review: ServiceReview, told: Json) -> list[FinderRequest]:
    """The questions to the writer, the last of them answered as ``told``."""
    if not review.finder_requests:
        raise _invalid("findReviewer: nobody has asked the writer of this review who they are")
    *before, last = review.finder_requests
    said = last.consumer_response
    if "consumerResponse" in told:
        said = dict.fromkeys(_RESPONSE) | told["consumerResponse"] | {"submittedAt": iso(world.now())}
    return [*before, replace(last, status=told["status"], consumer_response=said)]


def _report(world: World, told: Json) -> Report:
    return Report(
        source=told.get("source", "BusinessUser"),
        reasons=list(told["reasons"]),
        created_at=world.now(),
        public_comment=told.get("publicComment"),
        review_visibility=told.get("reviewVisibility", "visible"),
    )


@bindings.handles("deleteReview")
def delete_review(world: World, review_id: str) -> Answer:
    """Its writer takes it back."""
    review = _review(world, review_id)
    if isinstance(review, ServiceReview):
        reviewing.delete_service_review(world, review)
    else:
        reviewing.delete_product_review(world, review)
    return Answer(204)


@bindings.handles("deleteConsumer")
def delete_consumer(world: World, consumer_id: str, forget: Callable[[Person], None]) -> Answer:
    """A person leaves Trustpilot, with all reviews, and is not found any more in what was recorded."""
    person = world.consumers.get(consumer_id)
    if person is None:
        raise _unknown("consumer", consumer_id)
    reviewing.delete_consumer(world, person)
    forget(
        Person(
            addresses=frozenset({person.email.lower()} if person.email else ()),
            names=frozenset(filter(None, (person.name, person.display_name))),
            ids=frozenset({person.id}),
        )
    )
    return Answer(204)


def _review(world: World, review_id: str) -> ServiceReview | ProductReview:
    review = world.service_reviews.get(review_id) or world.product_reviews.get(review_id)
    if review is None:
        raise _unknown("review", review_id)
    return review


# --- webhooks ---------------------------------------------------------------------------------------------------------


@bindings.handles("createWebhookSubscription")
def create_webhook_subscription(world: World, body: Json) -> Answer:
    """What is set by hand in the real app: one address for one kind of event of one unit."""
    unit_id = body.get("businessUnitId") or next(iter(world.units))
    if unit_id not in world.units:
        raise _unknown("business unit", unit_id)
    if not _usable(body["url"]):
        raise _invalid(f"url: {body['url']!r} is no usable address")
    one = Subscription(world.chance.object_id(), body["event"], body["url"], unit_id)
    world.subscriptions[one.id] = one
    return Answer(201, rows.subscription(one))


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@bindings.handles("deleteWebhookSubscription")
def delete_webhook_subscription(world: World, subscription_id: str) -> Answer:
    """Tell that address no more; what is on its way still arrives."""
    if world.subscriptions.pop(subscription_id, None) is None:
        raise _unknown("webhook subscription", subscription_id)
    return Answer(204)


@bindings.handles("replayWebhook")
def replay_webhook(world: World, webhook_id: int) -> Answer:
    """Post it once more, now."""
    delivery = world.webhooks.get(webhook_id)
    if delivery is None:
        raise _unknown("webhook", webhook_id)
    webhooks.replay(world, delivery)
    return Answer(202, webhooks.document(delivery))
