"""Reviews by a consumer with an invitation: a review knows the link under which it was written."""

from __future__ import annotations

from typing import Final

from tpmock.common.locales import DEFAULT_LOCALE
from tpmock.trustpilot import review_changes
from tpmock.trustpilot.model import Consumer, InvitationLink, Json, ProductReview, ServiceReview
from tpmock.trustpilot.world import World

#: Sources of reviews in private calls; values as seen in programs.
ORGANIC: Final = "Organic"
BY_MAIL: Final = "InvitationApi"
BY_LINK: Final = "InvitationLinkApi"
#: Tags of an invitation have no group; the business app shows this one.
_TAG_GROUP: Final = "generic"


def open_products(link: InvitationLink) -> list[Json]:
    """Return the products of a link without a review."""
    return [product for product in link.products if product["sku"] not in link.answered]


def write_service(
    world: World, link: InvitationLink, *, stars: int, title: str, text: str, name: str | None = None
) -> ServiceReview:
    """Write the review of the company for a link.

    Its consumer, reference, address, location and tags are the invitation's. It is verified, like all reviews from
    Trustpilot's automatic methods (SUP-AUTO).

    :param name: of the writer, when the link has none
    """
    consumer = _consumer(world, link, name)
    review = ServiceReview(
        id=world.random.object_id(),
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
    return review_changes.write(world, review, link.trace)


def write_product(
    world: World, link: InvitationLink, product: Json, *, stars: int, text: str, name: str | None = None
) -> ProductReview:
    """Write the review of one of the products of a link; the link is used up when each product has one."""
    consumer = _consumer(world, link, name)
    locale = _locale(link)
    review = ProductReview(
        id=world.random.object_id(),
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
    return review_changes.write(world, review, link.trace)


def write_organic(
    world: World, unit_id: str, *, stars: int, title: str, text: str, name: str, email: str | None, language: str
) -> ServiceReview:
    """Write a review without an invitation."""
    review = ServiceReview(
        id=world.random.object_id(),
        unit=unit_id,
        consumer=review_changes.consumer_for(world, name, email).id,
        stars=stars,
        title=title,
        text=text,
        language=language,
        created_at=world.now(),
        experienced_at=world.now(),
        source=ORGANIC,
    )
    return review_changes.write(world, review)


def location_id(world: World, unit_id: str, external_id: str | None) -> str | None:
    """Return the id of the unit's location with a company's own code; None when there is none."""
    if external_id is None:
        return None
    found = (
        location.id
        for location in world.locations.values()
        if location.unit == unit_id and external_id in (location.external_id, location.id)
    )
    return next(found, None)


def _consumer(world: World, link: InvitationLink, name: str | None) -> Consumer:
    return review_changes.consumer_for(world, link.name or name or "Anonymous", link.email, link.locale)


def _locale(link: InvitationLink) -> str:
    return link.locale or DEFAULT_LOCALE
