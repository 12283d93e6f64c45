"""Product reviews. Chapter "Product Reviews API"."""

from __future__ import annotations

from typing import Any

from mockserver import hints
from mockserver.answers import Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.trustpilot import paging
from mockserver.trustpilot.model import ProductReview
from mockserver.trustpilot.world import World

bindings = Bindings()


@bindings.handles("listProductReviews")
def list_product_reviews(
    world: World,
    business_unit_id: str,
    sku: list[str] | None,
    product_url: list[str] | None,
    stars: list[int] | None,
    language: list[str] | None,
    page: int,
    per_page: int,
    api_url: str,
    query: dict[str, str],
) -> dict[str, Any]:
    """One page, newest first. At least one of SKU and product address is needed; SKUs are case-sensitive."""
    if not sku and not product_url:
        raise Problem("invalid-request", hint=hints.PRODUCT_NEEDED, detail=hints.PRODUCT_NEEDED)
    unit = world.units.get(business_unit_id.lower())
    if unit is None:
        raise Problem("unknown-unit", hint=hints.UNIT_UNKNOWN)
    key = ("public", tuple(sku or ()), tuple(product_url or ()), tuple(stars or ()), tuple(language or ()))

    def fits(review: ProductReview) -> bool:
        return (
            review.state == "published"
            and not review.imported
            and (review.sku in (sku or ()) or review.url in (product_url or ()))
            and (not stars or review.stars in stars)
            and (not language or review.language in language)
        )

    found = world.product_reviews.select(unit.id, key, fits)
    path = f"/v1/product-reviews/business-units/{unit.id}/reviews"
    rows, links = paging.page(found, page, per_page, path, api_url, query)
    return {"productReviews": [document(world, review) for review in rows], "links": links}


def document(world: World, review: ProductReview) -> dict[str, Any]:
    """A review in the shape of the live sample in seed document 004."""
    consumer = world.consumers[review.consumer]
    return {
        "id": review.id,
        "createdAt": iso_milliseconds(review.created_at),
        "stars": review.stars,
        "content": review.content,
        "consumer": {"id": consumer.id, "displayName": consumer.display_name},
        "language": review.language,
        "attributeRatings": [],
        "attachments": [],
        "firstCompanyComment": None,
    }
