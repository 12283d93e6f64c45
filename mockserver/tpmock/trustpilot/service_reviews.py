"""Service reviews, public and private: read, reply, tag.

Chapters "Business Units API" and "Service Reviews API".
"""

from __future__ import annotations

import base64
import heapq
from bisect import bisect_right
from collections.abc import Mapping
from itertools import islice
from typing import Final

from tpmock.common.moments import iso_milliseconds, parse_iso
from tpmock.core import hints
from tpmock.core.problems import Problem, existing, invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging, review_changes, review_filters, service_review_documents
from tpmock.trustpilot.access import own, public_unit, reach, spokesperson
from tpmock.trustpilot.model import CompanyReply, FinderRequest, Json, ServiceReview, Token
from tpmock.trustpilot.review_filters import parse_moment
from tpmock.trustpilot.world import World

bindings = Bindings()

#: The public list answers 400 beyond this page (WILD).
DEEPEST_PAGE: Final = 1000
#: Number of reviews per page of all-reviews; no source says.
TOKEN_PAGE: Final = 100
#: Sorts after every id.
_BEHIND_ALL: Final = "g"


def known(world: World, review_id: str) -> ServiceReview:
    """Return the review of that id.

    :raises Problem: ``unknown-review``
    """
    return existing(world.service_reviews.get(review_id.lower()), "unknown-review", hints.REVIEW_UNKNOWN)


@bindings.handles("listServiceReviews")
def list_service_reviews(
    world: World, business_unit_id: str, arguments: Json, api_url: str, query: dict[str, str]
) -> Json:
    """Return a page, newest first; reported reviews only on request."""
    unit = public_unit(world, business_unit_id)
    if arguments["page"] > DEEPEST_PAGE and world.variants["deep_paging"] == "refused":
        raise Problem("pagination-limit", hint=hints.TOO_DEEP)
    found = review_filters.select(world, unit.id, review_filters.public_filter(arguments), arguments["order_by"])
    path, reported = f"/v1/business-units/{unit.id}", str(arguments["include_reported_reviews"]).lower()
    # The recorded address of the next page repeats all parameters in this order, omitted ones too.
    order = ",".join(arguments["order_by"] or ["createdat.desc"])
    stated = {"page": "", "perPage": "", "orderBy": order, "includeReportedReviews": reported}
    rows, links = paging.page(found, f"{path}/reviews", arguments, api_url, stated | query)
    links = [paging.link(api_url + path, "business-units"), *links]
    return {"links": links, "reviews": [service_review_documents.public(world, review, api_url) for review in rows]}


@bindings.handles("listAllServiceReviews")
def list_all_service_reviews(world: World, business_unit_id: str, page_token: str | None, api_url: str) -> Json:
    """Return a hundred reviews, oldest first, from the token's place on."""
    unit = public_unit(world, business_unit_id)
    after = _place(page_token)
    # The index does not order reviews of the same time; here they need an order, or a token would skip some.
    reviews = world.service_reviews.select(unit.id, "by token", lambda one: one.report is None, _key, descending=False)
    start = bisect_right(reviews, after, key=_key)
    rows = reviews[start : start + TOKEN_PAGE]
    token = _token(rows[-1]) if start + TOKEN_PAGE < len(reviews) else None
    documents = [service_review_documents.public(world, review, api_url) for review in rows]
    return {"reviews": documents, "nextPageToken": token}


def _key(review: ServiceReview) -> tuple[int, str]:
    """Return the place of a review, to the millisecond, the precision of a token."""
    return round(review.created_at * 1000), review.id


def _token(review: ServiceReview) -> str:
    milliseconds, review_id = _key(review)
    return base64.b64encode(f"{iso_milliseconds(milliseconds / 1000)}|{review_id}".encode()).decode()


def _place(token: str | None) -> tuple[float, str]:
    """Return the place in a token; the reference's sample is a time alone, and means after all reviews of that time."""
    if token is None:
        return float("-inf"), ""
    try:
        moment, _, review_id = base64.b64decode(token, validate=True).decode().partition("|")
    except ValueError:
        moment, review_id = "", ""
    read = parse_iso(moment)
    if read is None:
        raise invalid(hints.PAGE_TOKEN, "pageToken")
    return round(read * 1000), review_id or _BEHIND_ALL


@bindings.handles("listLatestServiceReviews")
def list_latest_service_reviews(world: World, count: int, arguments: Json, api_url: str) -> Json:
    """Return the newest reviews of all units, without reported ones."""
    language, pictures_only = arguments["language"], arguments["filter_users_without_images"]

    def fits(review: ServiceReview) -> bool:
        pictured = world.consumers[review.consumer].has_image or not pictures_only
        return review.language in language and review.report is None and pictured

    key = ("latest", frozenset(language), pictures_only)
    by_unit = (world.service_reviews.newest(unit_id, key, fits, count) for unit_id in world.units)
    newest = islice(heapq.merge(*by_unit, key=lambda review: -review.created_at), count)
    return {"reviews": [service_review_documents.public(world, review, api_url) for review in newest]}


@bindings.handles("getServiceReview")
def get_service_review(world: World, review_id: str, api_url: str) -> Json:
    """Return one review."""
    return service_review_documents.public(world, known(world, review_id), api_url)


@bindings.handles("getServiceReviewWebLinks")
def get_service_review_web_links(world: World, review_id: str, locale: str, api_url: str) -> Json:
    """Return the address of a review's page."""
    url = service_review_documents.page_url(api_url, known(world, review_id))
    return {"locale": locale, "reviewUrl": url, "links": [paging.link(url, "review")]}


@bindings.handles("listServiceReviewLikes")
def list_service_review_likes(world: World, review_id: str, api_url: str) -> Answer:
    """Return the consumers who like a review; deleted consumers are omitted."""
    review = known(world, review_id)
    likes = [one for one in review.likes if one in world.consumers]
    rows = [{"consumer": service_review_documents.consumer(world, one, api_url)} for one in likes]
    return Answer(200, {"likes": rows})


@bindings.handles("listPrivateServiceReviews")
def list_private_service_reviews(
    world: World, caller: Token, business_unit_id: str, arguments: Json, api_url: str, query: dict[str, str]
) -> Json:
    """Return a page, newest first, with reported reviews."""
    unit = reach(world, caller, business_unit_id)
    contacted = arguments["find_reviewer"]
    wanted = review_filters.filter_of(
        arguments,
        location=arguments["internal_location_id"] or arguments["location_id"],
        start=parse_moment("startDateTime", arguments["start_date_time"]),
        end=parse_moment("endDateTime", arguments["end_date_time"]),
        contacted=None if contacted is None else contacted == "contacted",
    )
    found = review_filters.select(world, unit.id, wanted, arguments["order_by"])
    rows, links = paging.page(found, f"/v1/private/business-units/{unit.id}/reviews", arguments, api_url, query)
    return {"links": links, "reviews": [service_review_documents.private(world, review, api_url) for review in rows]}


def _own(world: World, caller: Token, arguments: Json, *, write: bool = False) -> ServiceReview:
    return own(world, caller, known(world, arguments["review_id"]), arguments, write=write)


@bindings.handles("getPrivateServiceReview")
def get_private_service_review(world: World, caller: Token, arguments: Json, api_url: str) -> Json:
    """Return one review, with private members."""
    return service_review_documents.private(world, _own(world, caller, arguments), api_url)


@bindings.handles("replyToServiceReview")
def reply_to_service_review(world: World, caller: Token, arguments: Json, body: Mapping[str, str]) -> Answer:
    """Set the company's reply; a second one replaces the first."""
    review = known(world, arguments["review_id"])
    user_id = body.get("authorBusinessUserId") or arguments["x_business_user_id"]
    unit = reach(world, caller, review.unit, user_id, write=True)
    author, hint = spokesperson(world, caller, unit, user_id)
    now = world.now()
    before = review.reply
    reply = CompanyReply(body["message"], before.created_at if before else now, now if before else None, author)
    review_changes.note(world, review, reply=reply)
    world.traces.note(review.trace, "reply-written", "reviewId", review.id)
    return Answer(201, hint=hint)


@bindings.handles("deleteServiceReviewReply")
def delete_service_review_reply(world: World, caller: Token, arguments: Json, content_type: str) -> Answer:
    """Delete the reply; without one, nothing happens and no error is reported."""
    review = _own(world, caller, arguments, write=True)
    if content_type == "application/json":
        raise invalid(hints.JSON_ON_DELETE, "Content-Type")
    review_changes.note(world, review, reply=None)
    world.traces.note(review.trace, "reply-deleted", "reviewId", review.id)
    return Answer(204)


@bindings.handles("listServiceReviewTags")
def list_service_review_tags(world: World, caller: Token, arguments: Json) -> Json:
    """Return all tags."""
    return {"tags": list(_own(world, caller, arguments).tags)}


@bindings.handles("addServiceReviewTags", "setServiceReviewTags")
def write_service_review_tags(world: World, caller: Token, arguments: Json, operation: str, body: Json) -> Answer:
    """Add tags with PUT, replace them with POST; an existing tag is not duplicated."""
    review = _own(world, caller, arguments, write=True)
    tags = [] if operation == "setServiceReviewTags" else list(review.tags)
    tags += [tag for number, tag in enumerate(body["tags"]) if tag not in tags and tag not in body["tags"][:number]]
    review_changes.note(world, review, tags=tags)
    odd = any(tag["group"] != "generic" and tag["group"].lower() == "generic" for tag in body["tags"])
    return Answer(200, hint=hints.TAG_GROUP if odd else None)


@bindings.handles("deleteServiceReviewTag")
def delete_service_review_tag(world: World, caller: Token, arguments: Json, group: str, value: str) -> Answer:
    """Remove one tag; a missing tag is not an error."""
    review = _own(world, caller, arguments, write=True)
    gone = {"group": group, "value": value}
    review_changes.note(world, review, tags=[tag for tag in review.tags if tag != gone])
    return Answer(200)


@bindings.handles("findReviewer")
def find_reviewer(world: World, caller: Token, arguments: Json, body: Json) -> Answer:
    """Ask the writer; the private review has the answer (NOTES: works for one to three stars only)."""
    review = _own(world, caller, arguments, write=True)
    if review.stars > service_review_documents.UNHAPPY:
        raise invalid(hints.FIND_HAPPY, "stars")
    request = FinderRequest(world.random.object_id(), world.now(), "Pending", body.get("message"))
    review_changes.note(world, review, finder_requests=[*review.finder_requests, request])
    if world.variants["find_reviewer_answer"] == "202":
        return Answer(202)
    printed = {"version": "1.1", "statusCode": 202, "reasonPhrase": "Accepted", "isSuccessStatusCode": True}
    return Answer(200, printed)
