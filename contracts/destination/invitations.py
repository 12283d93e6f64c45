"""What Trustpilot is told about an order. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from contracts.destination.orders import Order
from contracts.destination.preferences import Preferences
from contracts.destination.products import read_products

_BETWEEN = 60.0


def notes(order: Order, wishes: Preferences) -> tuple[str, ...]:
    """What was left out of an invitation and why, in words that name places and no values."""
    if not wishes.products:
        return ()
    products = read_products(order.properties)
    return products.notes if products.items else (*products.notes, "No product could be invited for.")


def invitation_body(order: Order, wishes: Preferences, now: Callable[[], float]) -> dict[str, object]:
    """The body of a call that creates invitations (Trustpilot, invitation API).

    :param now: seconds since 1970; for an order that does not say when it was placed.
    """
    placed_at = now() if order.placed_at is None else order.placed_at
    service_at = None if wishes.delay is None else placed_at + wishes.delay
    common = {"redirectUri": wishes.redirect_uri}
    service = _without_none(
        {
            "templateId": wishes.template_id,
            "preferredSendTime": _moment(service_at),
            **common,
            "tags": list(wishes.tags),
        }
    )
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
        }
    )
    body["serviceReviewInvitation"] = service
    items = read_products(order.properties).items if wishes.products else ()
    if items:
        product_at = None if wishes.product_delay is None else placed_at + wishes.product_delay
        if product_at is not None and service_at is not None:
            # If both have a time, the service one must come first (Trustpilot, invitation API).
            product_at = max(product_at, service_at + _BETWEEN)
        body["productReviewInvitation"] = _without_none(
            {
                "templateId": wishes.product_template_id,
                "preferredSendTime": _moment(product_at),
                **common,
                "products": [dict(item) for item in items],
            }
        )
    return body


def _moment(at: float | None) -> str | None:
    """A send time, in UTC, in the form that Trustpilot's staff and clients use: the reference's own one, with slashes,
    can be read as day first and as month first."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return None


def _without_none(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None and value != []}
