"""Counts and averages of product reviews. Chapter "Product Reviews API"."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tpmock.core import hints
from tpmock.core.problems import invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging, product_reviews
from tpmock.trustpilot.access import public_unit, reach
from tpmock.trustpilot.business_units import average, breakdown
from tpmock.trustpilot.model import Json, ProductReview, Token
from tpmock.trustpilot.product_reviews import ProductReviewFilter, needed_skus, read_skus, sku_advice
from tpmock.trustpilot.world import World

bindings = Bindings()

Stars = Counter[int]

#: Parameters that apply to reviews only.
_FILTERS: Final = ("page", "perPage", "stars", "language", "locale", "attributeIds")


@dataclass(slots=True)
class Attribute:
    """Ratings of one attribute of one product."""

    name: str
    points: int = 0
    count: int = 0


@dataclass(slots=True)
class Tallies:
    """Counts of a unit's published product reviews by stars; imported reviews are separate, with calls of their own."""

    by_sku: defaultdict[str, Stars] = field(default_factory=lambda: defaultdict(Counter))
    by_url: defaultdict[str, Stars] = field(default_factory=lambda: defaultdict(Counter))
    imported: defaultdict[str, Stars] = field(default_factory=lambda: defaultdict(Counter))
    attributes: dict[str, dict[str, Attribute]] = field(default_factory=dict)


def tally(reviews: Sequence[ProductReview]) -> Tallies:
    """Count the reviews once for many calls."""
    tallies = Tallies()
    for review in reviews:
        if review.state != "published":
            continue
        if review.imported:
            tallies.imported[review.sku][review.stars] += 1
            continue
        tallies.by_sku[review.sku][review.stars] += 1
        tallies.by_url[review.url][review.stars] += 1
        rated = tallies.attributes.setdefault(review.sku, {}) if review.attribute_ratings else {}
        for rating in review.attribute_ratings:
            attribute = rated.setdefault(rating["attributeId"], Attribute(rating["attributeName"]))
            attribute.points += rating["rating"]
            attribute.count += 1
    return tallies


def _together(tallied: Mapping[str, Stars], names: Sequence[str]) -> Stars:
    return sum((tallied.get(name, Counter()) for name in dict.fromkeys(names)), Counter())


def _summary(stars: Stars) -> Json:
    return {"numberOfReviews": breakdown(stars), "starsAverage": average(stars)}


@bindings.handles("getProductReviewsSummary")
def get_product_reviews_summary(
    world: World, business_unit_id: str, arguments: Json, api_url: str, query: dict[str, str]
) -> Answer:
    """Return one summary of all named products; product addresses are ignored beside SKUs (NODE).

    The official collection sends the filters of the list of reviews here. The variant ``product_summary_path`` says
    whether they are ignored or turn the answer into that list (BRUNO).
    """
    unit, sku, product_url = public_unit(world, business_unit_id), arguments["sku"], arguments["product_url"]
    skus = read_skus(sku)
    if not skus and not product_url:
        raise invalid(hints.PRODUCT_NEEDED, "sku")
    filtered = any(name in query for name in _FILTERS)
    if filtered and world.variants["product_summary_path"] == "filters-give-reviews":
        path = f"/v1/product-reviews/business-units/{unit.id}"
        found = ProductReviewFilter.of(arguments).select(world, unit)
        rows, links = paging.page(found, path, arguments, api_url, query)
        documents = [product_reviews.document(world, review, arguments["attribute_ids"]) for review in rows]
        return Answer(200, {"productReviews": documents, "links": links}, hint=hints.REVIEWS_AT_SUMMARY)
    tallies = world.product_reviews.derive(unit.id, tally)
    stars = _together(tallies.by_sku, skus) if skus else _together(tallies.by_url, product_url or ())
    advice = hints.SUMMARY_FILTERS if filtered else hints.URL_BESIDE_SKU if skus and product_url else None
    if not stars:
        advice = sku_advice(world, unit, sku) or advice
    return Answer(200, _summary(stars), hint=advice)


@bindings.handles("getProductReviewsBatchSummaries")
def get_product_reviews_batch_summaries(world: World, business_unit_id: str, body: Json) -> Answer:
    """Return one summary for each SKU, in the requested order; zeros for one without reviews."""
    unit = public_unit(world, business_unit_id)
    tallies = world.product_reviews.derive(unit.id, tally)
    skus = list(dict.fromkeys(body["skus"]))
    summaries = [{"sku": sku, **_summary(tallies.by_sku.get(sku, Counter()))} for sku in skus]
    unknown = [sku for sku in skus if sku not in tallies.by_sku]
    return Answer(200, {"summaries": summaries}, hint=sku_advice(world, unit, None, unknown))


@bindings.handles("getProductReviewsAttributeSummaries")
def get_product_reviews_attribute_summaries(world: World, business_unit_id: str, body: Json) -> Answer:
    """Return the attribute ratings of each product. No source shows an item: its members are ours."""
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
    """Return one summary of all imported reviews of the named products (BRUNO)."""
    unit = public_unit(world, business_unit_id)
    skus = needed_skus(sku)
    found = _together(world.product_reviews.derive(unit.id, tally).imported, skus)
    return Answer(200, _summary(found), hint=None if found else sku_advice(world, unit, sku))


@bindings.handles("listPrivateProductReviewsSummaries")
def list_private_product_reviews_summaries(
    world: World, caller: Token, business_unit_id: str, page: int, per_page: int
) -> Json:
    """Return a page of the summaries of every reviewed product, by SKU (NODE, FLO)."""
    unit = reach(world, caller, business_unit_id)
    tallies = world.product_reviews.derive(unit.id, tally)
    rows = paging.rows(sorted(tallies.by_sku), page, per_page)
    return {"summaries": [{"sku": sku, **_summary(tallies.by_sku[sku])} for sku in rows]}
