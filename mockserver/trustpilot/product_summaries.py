"""Numbers and averages of product reviews. Chapter "Product Reviews API"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.trustpilot import paging, product_reviews
from mockserver.trustpilot.access import public_unit, reach
from mockserver.trustpilot.model import ProductReview, Token
from mockserver.trustpilot.product_reviews import Wanted, needed_skus, read_skus, sku_advice
from mockserver.trustpilot.stars import average, breakdown
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]
Stars = dict[int, int]

#: Parameters that make sense for reviews only.
_FILTERS: Final = ("page", "perPage", "stars", "language", "locale", "attributeIds")


@dataclass(slots=True)
class Attribute:
    """How one quality of one product was rated."""

    name: str
    points: int = 0
    count: int = 0


@dataclass(slots=True)
class Tallies:
    """A unit's published product reviews, counted by stars; imported ones apart, as they have calls of their own."""

    by_sku: dict[str, Stars] = field(default_factory=dict)
    by_url: dict[str, Stars] = field(default_factory=dict)
    imported: dict[str, Stars] = field(default_factory=dict)
    attributes: dict[str, dict[str, Attribute]] = field(default_factory=dict)


def tally(reviews: Sequence[ProductReview]) -> Tallies:
    """Count once what many calls will ask for."""
    tallies = Tallies()
    for review in reviews:
        if review.state != "published":
            continue
        if review.imported:
            _count(tallies.imported, review.sku, review.stars)
            continue
        _count(tallies.by_sku, review.sku, review.stars)
        _count(tallies.by_url, review.url, review.stars)
        rated = tallies.attributes.setdefault(review.sku, {}) if review.attribute_ratings else {}
        for rating in review.attribute_ratings:
            attribute = rated.setdefault(rating["attributeId"], Attribute(rating["attributeName"]))
            attribute.points += rating["rating"]
            attribute.count += 1
    return tallies


def _count(tallied: dict[str, Stars], name: str, stars: int) -> None:
    counted = tallied.setdefault(name, {})
    counted[stars] = counted.get(stars, 0) + 1


def _together(tallied: Mapping[str, Stars], names: Sequence[str]) -> Stars:
    total: Stars = {}
    for name in dict.fromkeys(names):
        for stars, many in tallied.get(name, {}).items():
            total[stars] = total.get(stars, 0) + many
    return total


def _summary(stars: Stars) -> Json:
    return {"numberOfReviews": breakdown(stars), "starsAverage": average(stars)}


@bindings.handles("getProductReviewsSummary")
def get_product_reviews_summary(
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
    """All reviews of the named products together; product addresses do not count beside SKUs (NODE).

    The official collection sends the filters of the list of reviews here. The variant ``product_summary_path`` says
    whether they are overlooked or make it that list (BRUNO).
    """
    unit = public_unit(world, business_unit_id)
    skus = read_skus(sku)
    if not skus and not product_url:
        raise Problem("invalid-request", hint=hints.PRODUCT_NEEDED, detail=hints.PRODUCT_NEEDED)
    filtered = any(name in query for name in _FILTERS)
    if filtered and world.variants["product_summary_path"] == "filters-give-reviews":
        wanted = Wanted(
            frozenset(skus), frozenset(product_url or ()), frozenset(stars or ()), frozenset(language or ())
        )
        path = f"/v1/product-reviews/business-units/{unit.id}"
        rows, links = paging.page(wanted.select(world, unit), page, per_page, path, api_url, query)
        documents = [product_reviews.document(world, review, attribute_ids) for review in rows]
        return Answer(200, {"productReviews": documents, "links": links}, hint=hints.REVIEWS_AT_SUMMARY)
    tallies = world.product_reviews.derive(unit.id, tally)
    found = _together(tallies.by_sku, skus) if skus else _together(tallies.by_url, product_url or ())
    advice = hints.SUMMARY_FILTERS if filtered else hints.URL_BESIDE_SKU if skus and product_url else None
    if not found:
        advice = sku_advice(world, unit, sku, skus) or advice
    return Answer(200, _summary(found), hint=advice)


@bindings.handles("getProductReviewsBatchSummaries")
def get_product_reviews_batch_summaries(world: World, business_unit_id: str, body: Json) -> Answer:
    """One summary for each SKU, in the order asked; zeros for one without reviews."""
    unit = public_unit(world, business_unit_id)
    tallies = world.product_reviews.derive(unit.id, tally)
    skus = list(dict.fromkeys(body["skus"]))
    summaries = [{"sku": sku, **_summary(tallies.by_sku.get(sku, {}))} for sku in skus]
    unknown = [sku for sku in skus if sku not in tallies.by_sku]
    return Answer(200, {"summaries": summaries}, hint=sku_advice(world, unit, None, unknown))


@bindings.handles("getProductReviewsAttributeSummaries")
def get_product_reviews_attribute_summaries(world: World, business_unit_id: str, body: Json) -> Answer:
    """How the qualities of each product were rated. No source shows an item: its members are ours."""
    unit = public_unit(world, business_unit_id)
    tallies = world.product_reviews.derive(unit.id, tally)
    summaries = [
        {
            "sku": sku,
            "attributeRatings": [
                {
                    "attributeId": attribute_id,
                    "attributeName": attribute.name,
                    "ratingAverage": round(attribute.points / attribute.count, 1),
                    "numberOfRatings": attribute.count,
                }
                for attribute_id, attribute in sorted(tallies.attributes.get(sku, {}).items())
            ],
        }
        for sku in dict.fromkeys(body["skus"])
    ]
    return Answer(200, {"summaries": summaries}, hint=hints.ATTRIBUTE_SUMMARY_ASSUMED)


@bindings.handles("getImportedProductReviewsSummary")
def get_imported_product_reviews_summary(world: World, business_unit_id: str, sku: list[str]) -> Answer:
    """All imported reviews of the named products together (BRUNO)."""
    unit = public_unit(world, business_unit_id)
    skus = needed_skus(sku)
    found = _together(world.product_reviews.derive(unit.id, tally).imported, skus)
    return Answer(200, _summary(found), hint=None if found else sku_advice(world, unit, sku, skus))


@bindings.handles("listPrivateProductReviewsSummaries")
def list_private_product_reviews_summaries(
    world: World, caller: Token, business_unit_id: str, page: int, per_page: int
) -> Json:
    """One page of the summaries of every reviewed product, by SKU (NODE, FLO)."""
    unit = reach(world, caller, business_unit_id)
    tallies = world.product_reviews.derive(unit.id, tally)
    rows, _ = paging.page(sorted(tallies.by_sku), page, per_page, "", "", {})
    return {"summaries": [{"sku": sku, **_summary(tallies.by_sku[sku])} for sku in rows]}
