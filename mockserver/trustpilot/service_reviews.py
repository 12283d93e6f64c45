"""Service reviews as anybody may read them. Chapters "Business Units API (public)" and "Service Reviews API"."""

from __future__ import annotations

import base64
import heapq
from bisect import bisect_right
from itertools import islice
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds, parse_iso
from mockserver.problems import Problem
from mockserver.trustpilot import review_filters, service_review_documents
from mockserver.trustpilot.access import public_unit
from mockserver.trustpilot.model import ServiceReview
from mockserver.trustpilot.paging import page as cut
from mockserver.trustpilot.review_filters import Filters
from mockserver.trustpilot.world import World

bindings = Bindings()

#: Beyond it the public list answers 400 (WILD).
DEEPEST_PAGE: Final = 1000
#: How many reviews all-reviews gives at a time; no source says.
TOKEN_PAGE: Final = 100
#: Sorts behind every id.
_BEHIND_ALL: Final = "g"

Json = dict[str, Any]


def known(world: World, review_id: str) -> ServiceReview:
    """The review of that id.

    :raises Problem: ``unknown-review``
    """
    review = world.service_reviews.get(review_id.lower())
    if review is None:
        raise Problem("unknown-review", hint=hints.REVIEW_UNKNOWN)
    return review


@bindings.handles("listServiceReviews")
def list_service_reviews(
    world: World,
    business_unit_id: str,
    stars: list[int] | None,
    language: list[str] | None,
    internal_location_id: str | None,
    page: int,
    per_page: int,
    order_by: list[str] | None,
    tag_group: str | None,
    tag_value: str | None,
    responded: bool | None,  # noqa: FBT001 - as the document declares it
    include_reported_reviews: bool,  # noqa: FBT001 - as the document declares it
    api_url: str,
    query: dict[str, str],
) -> Json:
    """One page, newest first; reported reviews only when they are asked for."""
    unit = public_unit(world, business_unit_id)
    if page > DEEPEST_PAGE and world.variants["deep_paging"] == "refused":
        raise Problem("pagination-limit", hint=hints.TOO_DEEP)
    wanted = Filters(
        stars=tuple(stars or ()),
        language=tuple(language or ()),
        location=internal_location_id,
        tag_group=tag_group,
        tag_value=tag_value,
        responded=responded,
        reported=None if include_reported_reviews else False,
    )
    found = review_filters.select(world, unit.id, wanted, order_by)
    rows, links = cut(found, page, per_page, f"/v1/business-units/{unit.id}/reviews", api_url, query)
    return {"links": links, "reviews": [service_review_documents.public(world, review, api_url) for review in rows]}


@bindings.handles("listAllServiceReviews")
def list_all_service_reviews(world: World, business_unit_id: str, page_token: str | None, api_url: str) -> Json:
    """Oldest first, a hundred at a time, from the place the token names."""
    unit = public_unit(world, business_unit_id)
    after = _place(page_token)
    # Reviews of one moment stand in no order on the shelf; here they must, or a token would lose some.
    reviews = world.service_reviews.select(unit.id, "by token", lambda one: one.report is None, _key, descending=False)
    start = bisect_right(reviews, after, key=_key)
    rows = reviews[start : start + TOKEN_PAGE]
    token = _token(rows[-1]) if start + TOKEN_PAGE < len(reviews) else None
    documents = [service_review_documents.public(world, review, api_url) for review in rows]
    return {"reviews": documents, "nextPageToken": token}


def _key(review: ServiceReview) -> tuple[int, str]:
    """The place of a review, to the millisecond, which is what a token can hold."""
    return round(review.created_at * 1000), review.id


def _token(review: ServiceReview) -> str:
    milliseconds, review_id = _key(review)
    return base64.b64encode(f"{iso_milliseconds(milliseconds / 1000)}|{review_id}".encode()).decode()


def _place(token: str | None) -> tuple[float, str]:
    """What a token says; the sample of the reference is a moment alone, and leads behind all of that moment."""
    if token is None:
        return float("-inf"), ""
    try:
        moment, _, review_id = base64.b64decode(token, validate=True).decode().partition("|")
    except ValueError:
        moment, review_id = "", ""
    read = parse_iso(moment)
    if read is None:
        raise Problem("invalid-request", hint=hints.PAGE_TOKEN, detail=hints.PAGE_TOKEN)
    return round(read * 1000), review_id or _BEHIND_ALL


@bindings.handles("listLatestServiceReviews")
def list_latest_service_reviews(
    world: World,
    count: int,
    language: list[str],
    filter_users_without_images: bool,  # noqa: FBT001 - as the document declares it
    api_url: str,
) -> Json:
    """Newest first, of all units; reported ones are not among them."""

    def fits(review: ServiceReview) -> bool:
        pictured = world.consumers[review.consumer].has_image or not filter_users_without_images
        return review.language in language and review.report is None and pictured

    key = ("latest", frozenset(language), filter_users_without_images)
    by_unit = (world.service_reviews.newest(unit_id, key, fits, count) for unit_id in world.units)
    newest = islice(heapq.merge(*by_unit, key=lambda review: -review.created_at), count)
    return {"reviews": [service_review_documents.public(world, review, api_url) for review in newest]}


@bindings.handles("getServiceReview")
def get_service_review(world: World, review_id: str, api_url: str) -> Json:
    """One."""
    return service_review_documents.public(world, known(world, review_id), api_url)


@bindings.handles("getServiceReviewWebLinks")
def get_service_review_web_links(world: World, review_id: str, locale: str, api_url: str) -> Json:
    """Where it would be seen."""
    url = service_review_documents.page_url(api_url, known(world, review_id))
    return {"locale": locale, "reviewUrl": url, "links": [{"href": url, "method": "GET", "rel": "review"}]}


@bindings.handles("listServiceReviewLikes")
def list_service_review_likes(world: World, review_id: str, api_url: str) -> Answer:
    """Who finds it useful; consumers who left are not shown."""
    review = known(world, review_id)
    likes = [one for one in review.likes if one in world.consumers]
    rows = [{"consumer": service_review_documents.consumer(world, one, api_url)} for one in likes]
    return Answer(200, {"likes": rows})
