"""Service reviews in the shapes of the reference: public, and with what only the company may see (BU-REV, SR)."""

from __future__ import annotations

from typing import Any, Final

from mockserver.clock import iso
from mockserver.trustpilot.links import site_url
from mockserver.trustpilot.model import Reply, Report, ServiceReview
from mockserver.trustpilot.world import World

Json = dict[str, Any]

#: Who may be asked who they are: the writers of reviews with so many stars at most (NOTES).
UNHAPPY: Final = 3


def public(world: World, review: ServiceReview, api_url: str) -> Json:
    """What anybody may see: no address and no order number is ever in it."""
    unit = world.units[review.unit]
    return {
        "links": [_link(f"{api_url}/v1/reviews/{review.id}", "self")],
        "id": review.id,
        "stars": review.stars,
        "title": review.title,
        "text": review.text,
        "language": review.language,
        "createdAt": iso(review.created_at),
        "experiencedAt": _moment(review.experienced_at),
        "updatedAt": _moment(review.updated_at),
        "numberOfLikes": len(review.likes),
        "isVerified": review.verified,
        "status": "active" if review.report is None else "reported",
        "companyReply": None if review.reply is None else _reply(review.reply),
        "consumer": consumer(world, review.consumer, api_url),
        "businessUnit": {
            "links": [_link(f"{api_url}/v1/business-units/{unit.id}", "self")],
            "id": unit.id,
            "identifyingName": unit.domain,
            "displayName": unit.display_name,
        },
        "location": _location(world, review, private=False),
        "countsTowardsTrustScore": True,
        "countsTowardsLocationTrustScore": review.location is not None,
        "reportData": None if review.report is None else _report(review.report),
        "complianceLabels": [],
        "invitation": {"businessUnitId": unit.id} if review.source != "Organic" else None,
        "businessUnitHistory": [],
        "reviewVerificationLevel": "verified" if review.verified else "not-verified",
        "source": review.source,
    }


def private(world: World, review: ServiceReview, api_url: str) -> Json:
    """What the company may see besides: address, order number, tags, and whom it asked who they are."""
    document = public(world, review, api_url)
    if review.reply is not None:
        document["companyReply"] = _reply(review.reply) | {"authorBusinessUserId": review.reply.author_business_user_id}
    return document | {
        "location": _location(world, review, private=True),
        "referralEmail": review.referral_email,
        "referenceId": review.reference_id,
        "tags": list(review.tags),
        "findReviewer": {
            "isEligible": review.stars <= UNHAPPY,
            "requests": [
                {
                    "id": request.id,
                    "created": iso(request.created_at),
                    "status": request.status,
                    "businessUserMessage": request.message,
                    "consumerResponse": request.consumer_response,
                }
                for request in review.finder_requests
            ],
        },
    }


def consumer(world: World, consumer_id: str, api_url: str) -> Json:
    """The writer, as shown beside a review."""
    person = world.consumers[consumer_id]
    place = ", ".join(part for part in (person.city, person.country) if part)
    return {
        "links": [_link(f"{api_url}/v1/consumers/{person.id}", "self")],
        "id": person.id,
        "displayName": person.display_name,
        "displayLocation": place or None,
        "numberOfReviews": len(world.reviews_by_consumer.get(person.id, ())),
    }


def page_url(api_url: str, review: ServiceReview) -> str:
    """Where the review would be seen; an address only."""
    return f"{site_url(api_url, 'www')}/reviews/{review.id}"


def _link(href: str, rel: str) -> dict[str, str]:
    return {"href": href, "method": "GET", "rel": rel}


def _moment(moment: float | None) -> str | None:
    return None if moment is None else iso(moment)


def _reply(reply: Reply) -> Json:
    return {"text": reply.text, "createdAt": iso(reply.created_at), "updatedAt": _moment(reply.updated_at)}


def _location(world: World, review: ServiceReview, *, private: bool) -> Json | None:
    location = world.locations.get(review.location or "")
    if location is None:
        return None
    shown = {"id": location.id, "name": location.name, "urlFormattedName": location.url_formatted_name}
    return shown | {"externalId": location.external_id} if private else shown


def _report(report: Report) -> Json:
    return {
        "source": report.source,
        "publicComment": report.public_comment,
        "createdAt": iso(report.created_at),
        "reasons": list(report.reasons),
        "reason": report.reasons[0] if report.reasons else None,
        "reviewVisibility": report.review_visibility,
    }
