"""A consumer answers an invitation: what is written under a link becomes a review that knows where it came from."""

from __future__ import annotations

from typing import Any, Final

from mockserver.trustpilot import reviewing
from mockserver.trustpilot.locales import DEFAULT_LOCALE
from mockserver.trustpilot.model import Consumer, InvitationLink, ProductReview, ServiceReview
from mockserver.trustpilot.world import World

Json = dict[str, Any]

#: What private calls name as the source of a review; values as seen in programs.
ORGANIC: Final = "Organic"
BY_MAIL: Final = "InvitationApi"
BY_LINK: Final = "InvitationLinkApi"
#: Tags of an invitation have no group; this one is shown in the business app.
_TAG_GROUP: Final = "generic"


def open_products(link: InvitationLink) -> list[Json]:
    """The products of a link that have no review yet."""
    return [product for product in link.products if product["sku"] not in link.answered]


def write_service(
    world: World, link: InvitationLink, *, stars: int, title: str, text: str, name: str | None = None
) -> ServiceReview:
    """The review of the company for which ``link`` asks.

    Its consumer, reference, address, location and tags are the invitation's. It is verified, as all that come through
    Trustpilot's automatic methods are (SUP-AUTO).

    :param name: who writes, when the link does not know
    """
    consumer = _consumer(world, link, name)
    review = ServiceReview(
        id=world.chance.object_id(),
        unit=link.unit,
        consumer=consumer.id,
        stars=stars,
        title=title,
        text=text,
        language=_locale(link)[:2],
        created_at=world.now(),
        experienced_at=link.created_at,
        source=BY_LINK if link.invitation is None else BY_MAIL,
        reference_id=link.reference_id,
        referral_email=link.email,
        location=location_id(world, link.unit, link.location),
        verified=True,
        tags=[{"group": _TAG_GROUP, "value": tag} for tag in link.tags],
    )
    link.used = True
    return reviewing.write_service_review(world, review, link.trace)


def write_product(
    world: World, link: InvitationLink, product: Json, *, stars: int, text: str, name: str | None = None
) -> ProductReview:
    """The review of one of the products for which ``link`` asks; the link is used when each has its own."""
    consumer = _consumer(world, link, name)
    locale = _locale(link)
    review = ProductReview(
        id=world.chance.object_id(),
        unit=link.unit,
        sku=product["sku"],
        url=product.get("productUrl") or "",
        stars=stars,
        language=locale[:2],
        created_at=world.now(),
        consumer=consumer.id,
        content=text,
        locale=locale,
        product_name=product["name"],
        brand=product.get("brand"),
        reference_id=link.reference_id,
    )
    link.answered.append(product["sku"])
    link.used = not open_products(link)
    return reviewing.write_product_review(world, review, link.trace)


def write_organic(
    world: World, unit_id: str, *, stars: int, title: str, text: str, name: str, email: str | None, language: str
) -> ServiceReview:
    """A review that nobody asked for."""
    review = ServiceReview(
        id=world.chance.object_id(),
        unit=unit_id,
        consumer=reviewing.consumer_for(world, name, email).id,
        stars=stars,
        title=title,
        text=text,
        language=language,
        created_at=world.now(),
        experienced_at=world.now(),
        source=ORGANIC,
    )
    return reviewing.write_service_review(world, review)


def location_id(world: World, unit_id: str, external_id: str | None) -> str | None:
    """The id of the unit's location that a company knows by its own code; None when there is none."""
    if external_id is None:
        return None
    found = (
        location.id
        for location in world.locations.values()
        if location.unit == unit_id and external_id in (location.external_id, location.id)
    )
    return next(found, None)


def _consumer(world: World, link: InvitationLink, name: str | None) -> Consumer:
    return reviewing.consumer_for(world, link.name or name or "Anonymous", link.email, link.locale)


def _locale(link: InvitationLink) -> str:
    return link.locale or DEFAULT_LOCALE
