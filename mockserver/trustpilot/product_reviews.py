"""Product reviews that anyone may read: a company's own and the imported ones. Chapter "Product Reviews API"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.trustpilot import paging
from mockserver.trustpilot.access import public_unit
from mockserver.trustpilot.model import BusinessUnit, ProductReview
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of product reviews is narrowed to. An empty part narrows nothing."""

    skus: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    stars: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset({"published"})
    imported: bool = False

    def fits(self, review: ProductReview) -> bool:
        """Whether a review belongs into the list. SKUs are case-sensitive (BRUNO)."""
        return (
            review.imported is self.imported
            and review.state in self.states
            and (not (self.skus or self.urls) or review.sku in self.skus or review.url in self.urls)
            and (not self.stars or review.stars in self.stars)
            and (not self.languages or review.language in self.languages)
        )

    def select(self, world: World, unit: BusinessUnit) -> Sequence[ProductReview]:
        """The reviews of a unit that fit, newest first."""
        return world.product_reviews.select(unit.id, self, self.fits)


@bindings.handles("listProductReviews")
def list_product_reviews(
    world: World,
    business_unit_id: str,
    sku: list[str] | None,
    product_url: list[str] | None,
    stars: list[int] | None,
    language: list[str] | None,
    attribute_ids: list[str] | None,
    page: int,
    per_page: int,
    api_url: str,
    query: dict[str, str],
) -> Answer:
    """One page, newest first. At least one of SKU and product address is needed."""
    unit = public_unit(world, business_unit_id)
    skus = read_skus(sku)
    if not skus and not product_url:
        raise Problem("invalid-request", hint=hints.PRODUCT_NEEDED, detail=hints.PRODUCT_NEEDED)
    wanted = Wanted(frozenset(skus), frozenset(product_url or ()), frozenset(stars or ()), frozenset(language or ()))
    path = f"/v1/product-reviews/business-units/{unit.id}/reviews"
    rows, links = paging.page(wanted.select(world, unit), page, per_page, path, api_url, query)
    body = {"productReviews": [document(world, review, attribute_ids) for review in rows], "links": links}
    return Answer(200, body, hint=None if rows else sku_advice(world, unit, sku, skus))


@bindings.handles("listImportedProductReviews")
def list_imported_product_reviews(
    world: World,
    business_unit_id: str,
    sku: list[str],
    stars: list[int] | None,
    language: list[str] | None,
    page: int,
    per_page: int,
    api_url: str,
    query: dict[str, str],
) -> Answer:
    """One page of the reviews that were collected elsewhere, newest first (BRUNO, NODE)."""
    unit = public_unit(world, business_unit_id)
    skus = needed_skus(sku)
    wanted = Wanted(frozenset(skus), frozenset(), frozenset(stars or ()), frozenset(language or ()), imported=True)
    path = f"/v1/product-reviews/business-units/{unit.id}/imported-reviews"
    rows, links = paging.page(wanted.select(world, unit), page, per_page, path, api_url, query)
    body = {"productReviews": [document(world, review) for review in rows], "links": links}
    return Answer(200, body, hint=None if rows else sku_advice(world, unit, sku, skus))


def document(world: World, review: ProductReview, attribute_ids: Iterable[str] | None = None) -> Json:
    """A review in the shape of the live sample in seed document 004.

    :param attribute_ids: the ratings that are wanted; None for all
    """
    consumer = world.consumers[review.consumer]
    wanted = set(attribute_ids or ())
    return {
        "id": review.id,
        "createdAt": iso_milliseconds(review.created_at),
        "stars": review.stars,
        "content": review.content,
        "consumer": {"id": consumer.id, "displayName": consumer.display_name},
        "language": review.language,
        "attributeRatings": [one for one in review.attribute_ratings if not wanted or one["attributeId"] in wanted],
        "attachments": review.attachments,
        "firstCompanyComment": _first_company_comment(world, review),
    }


def _first_company_comment(world: World, review: ProductReview) -> Json | None:
    """What the company said first, unless the conversation is private (members as read by a public program, WILD)."""
    conversation = None if review.conversation is None else world.conversations[review.conversation]
    if conversation is None or conversation.state == "private":
        return None
    first = next((one for one in conversation.comments if one.author_type == "businessUser"), None)
    return None if first is None else {"comment": first.content, "createdAt": iso_milliseconds(first.created_at)}


def read_skus(given: list[str] | None) -> list[str]:
    """The SKUs of a query: several by comma, or a JSON list as in one example of the reference (C7)."""
    if not given or not (given[0].startswith("[") and given[-1].endswith("]")):
        return given or []
    bare = [given[0][1:], *given[1:]]
    bare[-1] = bare[-1][:-1]
    return [sku for text in bare if (sku := text.strip().strip('"'))]


def needed_skus(given: list[str] | None) -> list[str]:
    """As :func:`read_skus`, on calls that cannot do without.

    :raises Problem: ``invalid-request``
    """
    skus = read_skus(given)
    if not skus:
        raise Problem("invalid-request", hint=hints.SKU_NEEDED, detail=hints.SKU_NEEDED)
    return skus


def sku_advice(world: World, unit: BusinessUnit, given: list[str] | None, skus: Iterable[str]) -> str | None:
    """What to say of SKUs for which nothing was found, or that came in an odd form."""
    known = {other.lower(): other for owner, other in world.products if owner == unit.id}
    for sku in skus:
        alike = known.get(sku.lower(), sku)
        if alike != sku:
            return hints.sku_case(sku, alike)
    return hints.SKUS_AS_JSON if given and given[0].startswith("[") else None
