"""Service reviews in the forms of the reference: public, and private (BU-REV, SR)."""

from __future__ import annotations

from typing import Final

from tpmock.common.moments import iso
from tpmock.core.json_text import members
from tpmock.trustpilot import paging
from tpmock.trustpilot.links import example_image, site_url
from tpmock.trustpilot.model import BusinessUnit, CompanyReply, Json, Report, ServiceReview, UnitChange
from tpmock.trustpilot.world import World

#: Maximum stars of reviews whose writers can be asked who they are (NOTES).
UNHAPPY: Final = 3
#: The pictures of a profile by the names that links use.
_PICTURES: Final = {"small": "57x43", "medium": "118x89", "large": "198x149"}


def public(world: World, review: ServiceReview, api_url: str) -> Json:
    """Return the public form, which never has an address or order number. Programs take the stars' picture from the
    third link (CRAFT), and all are in their recorded order (KEYSTONE).
    """
    unit = world.units[review.unit]
    return {
        "links": [
            paging.link(f"{api_url}/v1/reviews/{review.id}", "reviews"),
            paging.link(f"{api_url}/v1/reviews/{review.id}/web-links", "reviews-web-links"),
            paging.link(f"{api_url}/v1/resources/images/stars/{review.stars}", "resources-images-stars"),
        ],
        **members(review, "id", "stars", "title", "text", "language", "created_at", "experienced_at", "updated_at"),
        "numberOfLikes": len(review.likes),
        "isVerified": review.verified,
        "status": "active" if review.report is None else "reported",
        "companyReply": None if review.reply is None else _reply(review.reply),
        "consumer": consumer(world, review.consumer, api_url),
        "businessUnit": {
            "links": unit_links(unit, api_url),
            "id": unit.id,
            "identifyingName": unit.domain,
            "displayName": unit.display_name,
        },
        "location": _location(world, review, private=False),
        "countsTowardsTrustScore": True,
        "countsTowardsLocationTrustScore": review.location is not None,
        "reportData": None if review.report is None else _report(review.report),
        "complianceLabels": review.compliance_labels,
        "invitation": {"businessUnitId": unit.id} if review.source != "Organic" else None,
        "businessUnitHistory": [_change(change) for change in review.business_unit_history],
        "reviewVerificationLevel": "verified" if review.verified else "not-verified",
        "source": review.source,
    }


def private(world: World, review: ServiceReview, api_url: str) -> Json:
    """Return the private form, with address, order number, tags, and the question to the writer."""
    document = public(world, review, api_url)
    if review.reply is not None:
        document["companyReply"] |= members(review.reply, "author_business_user_id")
    return document | {
        "location": _location(world, review, private=True),
        **members(review, "referral_email", "reference_id", "tags"),
        "findReviewer": {
            "isEligible": review.stars <= UNHAPPY,
            "requests": [
                {
                    "id": request.id,
                    "created": iso(request.created_at),
                    "businessUserMessage": request.message,
                    **members(request, "status", "consumer_response"),
                }
                for request in review.finder_requests
            ],
        },
    }


def unit_links(unit: BusinessUnit, api_url: str) -> list[paging.Link]:
    """Return the links of a unit beside a review: itself, and its pictures."""
    return [
        paging.link(f"{api_url}/v1/business-units/{unit.id}", "business-units"),
        *(
            paging.link(example_image(api_url, f"unit-{unit.id}-profile-{size}.png"), f"profile-image-{name}")
            for name, size in _PICTURES.items()
            if unit.profile.get("images")
        ),
    ]


def consumer(world: World, consumer_id: str, api_url: str) -> Json:
    """Return the writer, in the form beside a review."""
    person = world.consumers[consumer_id]
    place = ", ".join(part for part in (person.city, person.country) if part)
    return {
        "links": [paging.link(f"{api_url}/v1/consumers/{person.id}", "consumers")],
        "id": person.id,
        "displayName": person.display_name,
        "displayLocation": place or None,
        "numberOfReviews": len(world.reviews_by_consumer.get(person.id, ())),
    }


def page_url(api_url: str, review: ServiceReview) -> str:
    """Return the address of the review's page."""
    return f"{site_url(api_url, 'www')}/reviews/{review.id}"


def _reply(reply: CompanyReply) -> Json:
    return members(reply, "text", "created_at", "updated_at")


def _change(change: UnitChange) -> Json:
    shown = members(change, "business_unit_id", "identifying_name", "display_name")
    return shown | {"changeDate": iso(change.changed_at)}


def _location(world: World, review: ServiceReview, *, private: bool) -> Json | None:
    location = world.locations.get(review.location or "")
    if location is None:
        return None
    return members(location, "id", "name", "url_formatted_name", *(["external_id"] if private else []))


def _report(report: Report) -> Json:
    reason = report.reasons[0] if report.reasons else None
    shown = members(report, "source", "public_comment", "created_at", "reasons", "review_visibility")
    return shown | {"reason": reason}
