"""Things of the Trustpilot world as rows of the control API: Trustpilot's own field names, then what the mock knows."""

from __future__ import annotations

import hashlib
from typing import Any

from mockserver.clock import iso, iso_milliseconds
from mockserver.masking import mask
from mockserver.trustpilot import business_units
from mockserver.trustpilot.links import page_url
from mockserver.trustpilot.model import (
    BusinessUnit,
    Comment,
    Consumer,
    Deletion,
    InvitationLink,
    ProductReview,
    Report,
    ServiceReview,
    Subscription,
    Token,
)
from mockserver.trustpilot.world import World

Row = dict[str, Any]


def business_unit(world: World, unit: BusinessUnit) -> Row:
    """A unit with what its contract says."""
    return business_units.document(world, unit, "") | {
        "links": [],
        "plan": unit.plan,
        "partnerPermission": unit.partner_permission,
        "onlyPartner": unit.only_partner,
    }


def token_id(token: Token) -> str:
    """Names an access token without giving it away."""
    return hashlib.sha256(token.value.encode()).hexdigest()[:16]


def token(one: Token) -> Row:
    """An access token, masked."""
    return {
        "id": token_id(one),
        "token": mask(one.value),
        "apiKey": mask(one.application.key),
        "application": one.application.name,
        "grant": one.grant,
        "businessUserId": one.user_id,
        "issuedAt": iso(one.issued_at),
        "expiresAt": iso(one.expires_at),
        "revoked": one.revoked,
    }


def service_review(world: World, review: ServiceReview) -> Row:
    """A review of a company."""
    consumer = world.consumers[review.consumer]
    return {
        "id": review.id,
        "type": "service",
        "businessUnitId": review.unit,
        "consumerId": review.consumer,
        "consumer": {"id": consumer.id, "displayName": consumer.display_name},
        "stars": review.stars,
        "title": review.title,
        "text": review.text,
        "language": review.language,
        "createdAt": iso(review.created_at),
        "updatedAt": None if review.updated_at is None else iso(review.updated_at),
        "source": review.source,
        "referenceId": review.reference_id,
        "referralEmail": review.referral_email,
        "locationId": review.location,
        "isVerified": review.verified,
        "reported": review.report is not None,
        "report": None if review.report is None else _report(review.report),
        "likes": list(review.likes),
        "tags": list(review.tags),
        "reply": None if review.reply is None else review.reply.text,
        "trace": review.trace,
    }


def _report(report: Report) -> Row:
    return {
        "source": report.source,
        "reasons": list(report.reasons),
        "publicComment": report.public_comment,
        "reviewVisibility": report.review_visibility,
    }


def product_review(review: ProductReview) -> Row:
    """A review of a product."""
    return {
        "id": review.id,
        "type": "product",
        "businessUnitId": review.unit,
        "consumerId": review.consumer,
        "sku": review.sku,
        "productName": review.product_name,
        "stars": review.stars,
        "text": review.content,
        "language": review.language,
        "locale": review.locale,
        "createdAt": iso_milliseconds(review.created_at),
        "state": review.state,
        "referenceId": review.reference_id,
        "conversationId": review.conversation,
        "trace": review.trace,
    }


def comment(one: Comment) -> Row:
    """One turn of the conversation about a product review."""
    return {"authorType": one.author_type, "content": one.content, "createdAt": iso_milliseconds(one.created_at)}


def consumer(person: Consumer, written: int) -> Row:
    """A person who writes; ``written`` is the number of service reviews."""
    return {
        "id": person.id,
        "displayName": person.display_name,
        "email": person.email,
        "locale": person.locale,
        "country": person.country,
        "numberOfReviews": written,
        "createdAt": iso(person.created_at),
    }


def invitation_link(link: InvitationLink) -> Row:
    """A link under which a consumer writes; ``path`` is its page on the mock."""
    return {
        "id": link.id,
        "path": page_url("", link.kind, link.id),
        "type": link.kind,
        "businessUnitId": link.unit,
        "referenceId": link.reference_id,
        "email": link.email,
        "name": link.name,
        "locale": link.locale,
        "redirectUri": link.redirect_uri,
        "skus": [product["sku"] for product in link.products],
        "createdAt": iso(link.created_at),
        "used": link.used,
        "invitation": link.invitation,
        "trace": link.trace,
    }


def subscription(one: Subscription) -> Row:
    """An address that is told of events."""
    return {"id": one.id, "event": one.event, "url": one.url, "businessUnitId": one.unit}


def deletion(kind: str, gone: Deletion) -> Row:
    """What is left of something deleted."""
    return {"id": gone.id, "type": kind, "deletedAt": iso_milliseconds(gone.deleted_at)}
