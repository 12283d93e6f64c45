"""Product reviews, public and private. Chapter "Product Reviews API"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tpmock.common.moments import iso_milliseconds
from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.problems import existing, invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging
from tpmock.trustpilot.access import own, public_unit, reach
from tpmock.trustpilot.model import BusinessUnit, Json, ProductReview, Token
from tpmock.trustpilot.world import World

bindings = Bindings()


@dataclass(frozen=True, slots=True)
class ProductReviewFilter:
    """The filters of a list of product reviews. An empty filter matches all."""

    skus: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    stars: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset({"published"})
    imported: bool = False

    @classmethod
    def of(cls, arguments: Json, **own: Any) -> Self:
        """Return the filters that a list's parameters describe; ``own`` has the list's fixed filters."""
        names = {"product_url": "urls", "stars": "stars", "language": "languages"}
        given: Json = {field: frozenset(arguments.get(name) or ()) for name, field in names.items()}
        return cls(frozenset(read_skus(arguments["sku"])), **given, **own)

    def fits(self, review: ProductReview) -> bool:
        """Return whether a review matches. SKUs are case-sensitive (BRUNO)."""
        return (
            review.imported is self.imported
            and review.state in self.states
            and (not (self.skus or self.urls) or review.sku in self.skus or review.url in self.urls)
            and (not self.stars or review.stars in self.stars)
            and (not self.languages or review.language in self.languages)
        )

    def select(self, world: World, unit: BusinessUnit) -> Sequence[ProductReview]:
        """Return the matching reviews of a unit, newest first."""
        return world.product_reviews.select(unit.id, self, self.fits)


@bindings.handles("listProductReviews")
def list_product_reviews(
    world: World, business_unit_id: str, arguments: Json, api_url: str, query: dict[str, str]
) -> Answer:
    """Return a page, newest first. SKU or product address is required."""
    unit = public_unit(world, business_unit_id)
    wanted = ProductReviewFilter.of(arguments)
    if not wanted.skus and not wanted.urls:
        raise invalid(hints.PRODUCT_NEEDED, "sku")
    path = f"/v1/product-reviews/business-units/{unit.id}/reviews"
    rows, links = paging.page(wanted.select(world, unit), path, arguments, api_url, query)
    body = {"productReviews": [document(world, one, arguments["attribute_ids"]) for one in rows], "links": links}
    return Answer(200, body, hint=None if rows else sku_advice(world, unit, arguments["sku"]))


@bindings.handles("listImportedProductReviews")
def list_imported_product_reviews(
    world: World, business_unit_id: str, sku: list[str], arguments: Json, api_url: str, query: dict[str, str]
) -> Answer:
    """Return a page of imported reviews, newest first (BRUNO, NODE)."""
    unit = public_unit(world, business_unit_id)
    needed_skus(sku)
    path = f"/v1/product-reviews/business-units/{unit.id}/imported-reviews"
    found = ProductReviewFilter.of(arguments, imported=True).select(world, unit)
    rows, links = paging.page(found, path, arguments, api_url, query)
    body = {"productReviews": [document(world, review) for review in rows], "links": links}
    return Answer(200, body, hint=None if rows else sku_advice(world, unit, sku))


def document(world: World, review: ProductReview, attribute_ids: Iterable[str] | None = None) -> Json:
    """Return a review in the form of the live sample in seed document 004.

    :param attribute_ids: the requested ratings; None for all
    """
    consumer = world.consumers[review.consumer]
    wanted = set(attribute_ids or ())
    return {
        **members(review, "id", "created_at", "stars", "content", moment=iso_milliseconds),
        "consumer": members(consumer, "id", "display_name"),
        "language": review.language,
        "attributeRatings": [one for one in review.attribute_ratings if not wanted or one["attributeId"] in wanted],
        "attachments": review.attachments,
        "firstCompanyComment": _first_company_comment(world, review),
    }


def _first_company_comment(world: World, review: ProductReview) -> Json | None:
    """Return the company's first comment, unless the conversation is private (members as in a public program, WILD)."""
    conversation = None if review.conversation is None else world.conversations[review.conversation]
    if conversation is None or conversation.state == "private":
        return None
    first = next((one for one in conversation.comments if one.author_type == "businessUser"), None)
    return None if first is None else {"comment": first.content, "createdAt": iso_milliseconds(first.created_at)}


def read_skus(given: list[str] | None) -> list[str]:
    """Return the SKUs of a query: separated by commas, or a JSON list as in one example of the reference (C7)."""
    if not given or not (given[0].startswith("[") and given[-1].endswith("]")):
        return given or []
    bare = [given[0][1:], *given[1:]]
    bare[-1] = bare[-1][:-1]
    return [sku for text in bare if (sku := text.strip().strip('"'))]


def needed_skus(given: list[str] | None) -> list[str]:
    """Return SKUs like :func:`read_skus`, on calls that require them.

    :raises Problem: ``invalid-request``
    """
    skus = read_skus(given)
    if not skus:
        raise invalid(hints.SKU_NEEDED, "sku")
    return skus


def sku_advice(
    world: World, unit: BusinessUnit, given: list[str] | None, skus: Iterable[str] | None = None
) -> str | None:
    """Return a hint for SKUs without a result, or in an undocumented form.

    :param skus: those of ``given``, unless they were sent in another way
    """
    known = {other.lower(): other for owner, other in world.products if owner == unit.id}
    for sku in read_skus(given) if skus is None else skus:
        alike = known.get(sku.lower(), sku)
        if alike != sku:
            return hints.SKU_CASE.format(given=sku, known=alike)
    return hints.SKUS_AS_JSON if given and given[0].startswith("[") else None


@bindings.handles("listPrivateProductReviews")
def list_private_product_reviews(
    world: World, caller: Token, business_unit_id: str, arguments: Json, api_url: str, query: dict[str, str]
) -> Answer:
    """Return a page of reviews in the requested states, newest first (BRUNO, NODE)."""
    unit = reach(world, caller, business_unit_id)
    path = f"/v1/private/product-reviews/business-units/{unit.id}/reviews"
    found = ProductReviewFilter.of(arguments, states=frozenset(arguments["state"])).select(world, unit)
    rows, links = paging.page(found, path, arguments, api_url, query)
    body = {"productReviews": [private_document(world, review) for review in rows], "links": links, "total": len(found)}
    return Answer(200, body, hint=None if rows else sku_advice(world, unit, arguments["sku"]))


@bindings.handles("getPrivateProductReview")
def get_private_product_review(world: World, caller: Token, arguments: Json) -> Json:
    """Return one review, in any state (BRUNO)."""
    return private_document(world, own_review(world, caller, arguments))


def own_review(world: World, caller: Token, arguments: Json, *, write: bool = False) -> ProductReview:
    """Return a product review of a unit to which the caller has access.

    :raises Problem: ``unknown-review`` or ``forbidden``
    """
    review = world.product_reviews.get(arguments["review_id"].lower())
    known = existing(review, "unknown-review", hints.PRODUCT_REVIEW_UNKNOWN)
    return own(world, caller, known, arguments, write=write)


def private_document(world: World, review: ProductReview) -> Json:
    """Return a review with all private members (as in FLO, those of ``product`` from BRUNO).

    The consumer has ``name`` and ``email`` here, and ``displayName`` in the public list.
    """
    consumer = world.consumers[review.consumer]
    entry = world.products.get((review.unit, review.sku))
    fields = {} if entry is None else entry.fields
    return {
        **members(review, "id", "created_at", "stars", "content", moment=iso_milliseconds),
        "product": {
            "id": None if entry is None else entry.id,
            "productUrl": fields.get("link") or review.url,
            "name": fields.get("title") or review.product_name,
            "sku": review.sku,
            "brand": fields.get("brand") or review.brand,
        },
        "consumer": {"id": consumer.id, "email": consumer.email, "name": consumer.name or consumer.display_name},
        "conversationId": review.conversation,
        **members(review, "language", "locale", "state", "reference_id", "attachments", "attribute_ratings"),
    }
