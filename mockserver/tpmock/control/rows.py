"""Rows of the control API for the Trustpilot world: first Trustpilot's own field names, then what the mock knows."""

from __future__ import annotations

import hashlib
from typing import Any

from tpmock.common.moments import iso_milliseconds
from tpmock.core.json_text import members
from tpmock.trustpilot import business_units, model
from tpmock.trustpilot.links import page_url
from tpmock.trustpilot.world import World

Row = dict[str, Any]


def business_unit(world: World, unit: model.BusinessUnit) -> Row:
    """Return the row of a unit, including its contract."""
    terms = members(unit, "plan", "partner_permission", "only_partner", "integration_key")
    return business_units.document(world, unit, "") | {"links": []} | terms


def business_user(user: model.BusinessUser) -> Row:
    """Return the row of a business user, with the password: a person logs in with it (decision 0364)."""
    return members(user, "id", "username", "name", "password", "two_step", "roles")


def token_id(token: model.Token) -> str:
    """Return a name for an access token that does not reveal the token, for addresses."""
    return hashlib.sha256(token.value.encode()).hexdigest()[:16]


def token(world: World, one: model.Token) -> Row:
    """Return the row of an access token: whose it is, and the token itself (decision 0364)."""
    holder = world.users.get(one.user_id or "")
    return {
        "id": token_id(one),
        "token": one.value,
        "apiKey": one.application.key,
        "application": one.application.name,
        "businessUserId": one.user_id,
        "businessUser": None if holder is None else holder.username,
        **members(one, "grant", "issued_at", "expires_at", "revoked"),
    }


def service_review(world: World, review: model.ServiceReview) -> Row:
    """Return the row of a review of a company."""
    shown = ("source", "reasons", "public_comment", "review_visibility")
    return {
        **members(review, "id", "stars", "title", "text", "language", "created_at", "updated_at", "source"),
        **members(review, "reference_id", "referral_email", "likes", "tags", "trace"),
        "type": "service",
        "businessUnitId": review.unit,
        "consumerId": review.consumer,
        "consumer": members(world.consumers[review.consumer], "id", "display_name"),
        "locationId": review.location,
        "isVerified": review.verified,
        "reported": review.report is not None,
        "report": None if review.report is None else members(review.report, *shown),
        "reply": None if review.reply is None else review.reply.text,
    }


def product_review(review: model.ProductReview) -> Row:
    """Return the row of a review of a product."""
    names = ("id", "sku", "product_name", "stars", "language", "locale", "created_at", "state", "reference_id", "trace")
    return {
        **members(review, *names, moment=iso_milliseconds),
        "type": "product",
        "businessUnitId": review.unit,
        "consumerId": review.consumer,
        "text": review.content,
        "conversationId": review.conversation,
    }


def consumer(world: World, person: model.Consumer) -> Row:
    """Return the row of a consumer, with the number of service reviews."""
    shown = members(person, "id", "display_name", "email", "locale", "country", "created_at")
    return shown | {"numberOfReviews": len(world.reviews_by_consumer.get(person.id, ()))}


def invitation_link(link: model.InvitationLink) -> Row:
    """Return the row of an invitation link; ``path`` is its page on the mock."""
    return {
        **members(link, "id", "reference_id", "email", "name", "locale", "redirect_uri", "created_at", "used"),
        **members(link, "invitation", "trace"),
        "path": page_url("", link.kind, link.id),
        "type": link.kind,
        "businessUnitId": link.unit,
        "skus": [product["sku"] for product in link.products],
    }


def subscription(one: model.Subscription) -> Row:
    """Return the row of a webhook subscription."""
    return members(one, "id", "event", "url") | {"businessUnitId": one.unit}
