"""Service reviews in the company's own hands: read in full, answered, tagged, their writers asked (BU-REV, SR)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.trustpilot import review_filters, reviewing, service_review_documents
from mockserver.trustpilot.access import reach, spokesperson
from mockserver.trustpilot.model import FinderRequest, Reply, ServiceReview, Token
from mockserver.trustpilot.paging import page as cut
from mockserver.trustpilot.review_filters import Filters
from mockserver.trustpilot.service_reviews import known
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]


@bindings.handles("listPrivateServiceReviews")
def list_private_service_reviews(
    world: World,
    caller: Token,
    business_unit_id: str,
    stars: list[int] | None,
    language: list[str] | None,
    internal_location_id: str | None,
    location_id: str | None,
    page: int,
    per_page: int,
    order_by: list[str] | None,
    tag_group: str | None,
    tag_value: str | None,
    ignore_tag_value_case: bool,  # noqa: FBT001 - as the document declares it
    responded: bool | None,  # noqa: FBT001 - as the document declares it
    reference_id: str | None,
    referral_email: str | None,
    reported: bool | None,  # noqa: FBT001 - as the document declares it
    start_date_time: str | None,
    end_date_time: str | None,
    source: str | None,
    username: str | None,
    find_reviewer: str | None,
    api_url: str,
    query: dict[str, str],
) -> Json:
    """One page, newest first, reported reviews among them."""
    unit = reach(world, caller, business_unit_id)
    wanted = Filters(
        stars=tuple(stars or ()),
        language=tuple(language or ()),
        location=internal_location_id or location_id,
        tag_group=tag_group,
        tag_value=tag_value,
        ignore_tag_case=ignore_tag_value_case,
        responded=responded,
        reported=reported,
        reference_id=reference_id,
        referral_email=referral_email,
        start=_moment("startDateTime", start_date_time),
        end=_moment("endDateTime", end_date_time),
        source=source,
        username=username,
        contacted=None if find_reviewer is None else find_reviewer == "contacted",
    )
    found = review_filters.select(world, unit.id, wanted, order_by)
    rows, links = cut(found, page, per_page, f"/v1/private/business-units/{unit.id}/reviews", api_url, query)
    return {"links": links, "reviews": [service_review_documents.private(world, review, api_url) for review in rows]}


def _moment(name: str, text: str | None) -> float | None:
    try:
        return review_filters.moment(text)
    except ValueError:
        sentence = hints.moment_unreadable(name, text or "")
        raise Problem("invalid-request", hint=sentence, detail=sentence) from None


def _own(
    world: World, caller: Token, review_id: str, user_id: str | None = None, *, write: bool = False
) -> ServiceReview:
    """The review, when it is of a unit the caller may work on."""
    review = known(world, review_id)
    reach(world, caller, review.unit, user_id, write=write)
    return review


@bindings.handles("getPrivateServiceReview")
def get_private_service_review(world: World, caller: Token, review_id: str, api_url: str) -> Json:
    """One."""
    return service_review_documents.private(world, _own(world, caller, review_id), api_url)


@bindings.handles("replyToServiceReview")
def reply_to_service_review(
    world: World, caller: Token, review_id: str, x_business_user_id: str | None, body: Mapping[str, str]
) -> Answer:
    """The company's one answer; a second one takes the place of the first."""
    review = known(world, review_id)
    user_id = body.get("authorBusinessUserId") or x_business_user_id
    unit = reach(world, caller, review.unit, user_id, write=True)
    author, hint = spokesperson(world, caller, unit, user_id)
    now = world.now()
    before = review.reply
    reply = Reply(body["message"], before.created_at if before else now, now if before else None, author)
    reviewing.note_service_review(world, review, reply=reply)
    world.traces.note(review.trace, "reply-written", "reviewId", review.id)
    return Answer(201, hint=hint)


@bindings.handles("deleteServiceReviewReply")
def delete_service_review_reply(
    world: World, caller: Token, review_id: str, x_business_user_id: str | None, content_type: str
) -> Answer:
    """Without an answer there is nothing to take back, and that is no mistake."""
    review = _own(world, caller, review_id, x_business_user_id, write=True)
    if content_type == "application/json":
        raise Problem("invalid-request", hint=hints.JSON_ON_DELETE, detail=hints.JSON_ON_DELETE)
    reviewing.note_service_review(world, review, reply=None)
    world.traces.note(review.trace, "reply-deleted", "reviewId", review.id)
    return Answer(204)


@bindings.handles("listServiceReviewTags")
def list_service_review_tags(world: World, caller: Token, review_id: str) -> Json:
    """All."""
    return {"tags": list(_own(world, caller, review_id).tags)}


@bindings.handles("addServiceReviewTags", "setServiceReviewTags")
def write_service_review_tags(
    world: World, caller: Token, review_id: str, x_business_user_id: str | None, operation: str, body: Json
) -> Answer:
    """PUT adds to what is there, POST sets; a tag that is there already is not doubled."""
    review = _own(world, caller, review_id, x_business_user_id, write=True)
    tags = [] if operation == "setServiceReviewTags" else list(review.tags)
    tags += [tag for number, tag in enumerate(body["tags"]) if tag not in tags and tag not in body["tags"][:number]]
    reviewing.note_service_review(world, review, tags=tags)
    odd = any(tag["group"] != "generic" and tag["group"].lower() == "generic" for tag in body["tags"])
    return Answer(200, hint=hints.TAG_GROUP if odd else None)


@bindings.handles("deleteServiceReviewTag")
def delete_service_review_tag(
    world: World, caller: Token, review_id: str, x_business_user_id: str | None, group: str, value: str
) -> Answer:
    """One; a tag that is not there is gone already."""
    review = _own(world, caller, review_id, x_business_user_id, write=True)
    gone = {"group": group, "value": value}
    reviewing.note_service_review(world, review, tags=[tag for tag in review.tags if tag != gone])
    return Answer(200)


@bindings.handles("findReviewer")
def find_reviewer(world: World, caller: Token, review_id: str, x_business_user_id: str | None, body: Json) -> Answer:
    """Ask; the answer is read back from the private review (NOTES: works for one to three stars only)."""
    review = _own(world, caller, review_id, x_business_user_id, write=True)
    if review.stars > service_review_documents.UNHAPPY:
        raise Problem("invalid-request", hint=hints.FIND_HAPPY, detail=hints.FIND_HAPPY)
    request = FinderRequest(world.chance.object_id(), world.now(), "Pending", body.get("message"))
    reviewing.note_service_review(world, review, finder_requests=[*review.finder_requests, request])
    if world.variants["find_reviewer_answer"] == "202":
        return Answer(202)
    printed = {"version": "1.1", "statusCode": 202, "reasonPhrase": "Accepted", "isSuccessStatusCode": True}
    return Answer(200, printed)
