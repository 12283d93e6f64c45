"""Product reviews. Chapter "Product Reviews API"."""

from __future__ import annotations

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from mockserver import hints
from mockserver.answers import Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.trustpilot.model import ProductReview, World

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
    found = (
        review
        for review in world.product_reviews
        if review.unit == unit.id
        and (review.sku in (sku or ()) or review.url in (product_url or ()))
        and (not stars or review.stars in stars)
        and (not language or review.language in language)
    )
    start = (page - 1) * per_page
    reviews = list(islice(found, start, start + per_page + 1))
    links = []
    if len(reviews) > per_page:
        following = urlencode({**query, "page": page + 1, "perPage": per_page})
        path = f"/v1/product-reviews/business-units/{unit.id}/reviews"
        links.append({"href": f"{api_url}{path}?{following}", "method": "GET", "rel": "next-page"})
    return {"productReviews": [document(review) for review in reviews[:per_page]], "links": links}


def document(review: ProductReview) -> dict[str, Any]:
    """A review in the shape of the live sample in seed document 004."""
    return {
        "id": review.id,
        "createdAt": iso_milliseconds(review.created_at),
        "stars": review.stars,
        "content": review.content,
        "consumer": review.consumer,
        "language": review.language,
        "attributeRatings": [],
        "attachments": [],
        "firstCompanyComment": None,
    }
