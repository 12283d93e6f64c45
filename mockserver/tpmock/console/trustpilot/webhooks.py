"""Webhook subscriptions, and the webhooks that were sent."""

from __future__ import annotations

from flask import render_template
from tpmock.console.paging import page_of
from tpmock.console.states import WEBHOOK_EVENTS, WEBHOOKS
from tpmock.console.trustpilot.blueprint import names_of, pages, units
from tpmock.console.views import control, done, filled, form
from werkzeug.wrappers import Response


@pages.get("/webhooks")
def webhooks() -> str:
    """List the subscriptions, and the webhooks with their attempts."""
    posts, paging = page_of("webhooks")
    subscriptions, subscribed = page_of("webhook-subscriptions", "subscriptions")
    everyone = units()
    return render_template(
        "trustpilot-webhooks.html",
        posts=posts,
        paging=paging,
        subscriptions=subscriptions,
        subscribed=subscribed,
        units=everyone,
        names=names_of(everyone),
        events=WEBHOOK_EVENTS,
        tones=WEBHOOKS,
    )


@pages.post("/webhooks/subscriptions")
def subscribe() -> Response:
    """Subscribe an address to an event."""
    made = control("POST", "/webhook-subscriptions", filled(form("event", "url", "businessUnitId")))
    return done(f"{made['url']} is subscribed to {made['event']}.")


@pages.post("/webhooks/subscriptions/<subscription_id>/remove")
def unsubscribe(subscription_id: str) -> Response:
    """Remove a subscription."""
    control("DELETE", f"/webhook-subscriptions/{subscription_id}")
    return done("The subscription was removed; pending webhooks are still sent.")


@pages.post("/webhooks/<int:webhook_id>/replay")
def post_again(webhook_id: int) -> Response:
    """Send a webhook again now."""
    control("POST", f"/webhooks/{webhook_id}/replay")
    return done("The webhook is being sent again.")
