"""States in their order, with their styles: ``good``, ``calm``, ``warn`` or ``bad``."""

from __future__ import annotations

from typing import Final

INVITATIONS: Final = {
    "queued": "calm",
    "sending": "calm",
    "delivered": "good",
    "delivered-unsubscribed": "warn",
    "not-delivered": "bad",
}
WEBHOOKS: Final = {"pending": "calm", "delivered": "good", "failed": "bad"}
#: Events that an address can subscribe to.
WEBHOOK_EVENTS: Final = tuple(
    f"{kind}-review-{change}" for kind in ("service", "product") for change in ("created", "updated", "deleted")
)
PRODUCT_REVIEWS: Final = {"published": "good", "underModeration": "warn", "unpublished": "bad", "archived": "calm"}
