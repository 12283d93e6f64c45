"""Builds the invitation request for an order. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from tpmock.destination.rules.orders import Order
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.rules.products import read_products
from tpmock.destination.rules.values import Clock

_BETWEEN = 60.0


def notes(order: Order, wishes: Preferences) -> list[str]:
    """Return what was left out of an invitation and why; texts name fields and no values."""
    if not wishes.products:
        return []
    items, left_out = read_products(order.properties)
    return left_out if items else [*left_out, "No product could be invited for."]


def invitation_body(order: Order, wishes: Preferences, now: Clock) -> dict[str, object]:
    """Return the body of a call that creates invitations (Trustpilot, invitation API)."""
    placed_at = now() if order.placed_at is None else order.placed_at
    service_at = None if wishes.delay is None else placed_at + wishes.delay
    service: dict[str, object] = {
        "templateId": wishes.template_id,
        "preferredSendTime": _moment(service_at),
        "redirectUri": wishes.redirect_uri,
        "tags": list(wishes.tags),
    }
    body = _without_none(
        {
            "locale": wishes.locale,
            "senderName": wishes.sender_name,
            "senderEmail": wishes.sender_email,
            "replyTo": wishes.reply_to,
            "locationId": wishes.location_id,
            "referenceNumber": order.order_id,
            "consumerName": order.name,
            "consumerEmail": order.email,
            "type": "email",
            "serviceReviewInvitation": _without_none(service),
        }
    )
    items = read_products(order.properties)[0] if wishes.products else []
    if items:
        product_at = None if wishes.product_delay is None else placed_at + wishes.product_delay
        if product_at is not None and service_at is not None:
            # If both have a time, the service one must come first (Trustpilot, invitation API).
            product_at = max(product_at, service_at + _BETWEEN)
        body["productReviewInvitation"] = _without_none(
            {
                "templateId": wishes.product_template_id,
                "preferredSendTime": _moment(product_at),
                "redirectUri": wishes.redirect_uri,
                "products": [dict(item) for item in items],
            }
        )
    return body


def _moment(at: float | None) -> str | None:
    """Return a send time, in UTC, in the form that Trustpilot's staff and clients use. The form of the reference, with
    slashes, can be read as day first and as month first."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return None


def _without_none(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None and value != []}
