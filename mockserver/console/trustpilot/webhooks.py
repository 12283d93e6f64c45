"""Who is told of reviews, and what they were told."""

from __future__ import annotations

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from mockserver.console.paging import paging
from mockserver.console.returning import back
from mockserver.console.states import WEBHOOK_EVENTS, WEBHOOKS
from mockserver.console.trustpilot.room import control, pages, units


@pages.get("/webhooks")
def webhooks() -> str:
    """The subscriptions, and the posts with every attempt."""
    posts, subscribed = paging(), paging("subscriptions")
    sent = control("GET", "/webhooks", **posts.query)
    told = control("GET", "/webhook-subscriptions", **subscribed.query)
    everyone = units()
    return render_template(
        "trustpilot-webhooks.html",
        posts=sent["webhooks"][::-1],
        paging=posts.of(sent["total"]),
        subscriptions=told["webhook-subscriptions"][::-1],
        subscribed=subscribed.of(told["total"]),
        units=everyone,
        names={unit["id"]: unit["displayName"] for unit in everyone},
        events=WEBHOOK_EVENTS,
        tones=WEBHOOKS,
    )


@pages.post("/webhooks/subscriptions")
def subscribe() -> Response:
    """Tell one more address."""
    form = {name: request.form.get(name, "").strip() for name in ("event", "url", "businessUnitId")}
    made = control("POST", "/webhook-subscriptions", {name: value for name, value in form.items() if value})
    flash(f"{made['url']} is told of each {made['event']}.", "done")
    return back()


@pages.post("/webhooks/subscriptions/<subscription_id>/remove")
def unsubscribe(subscription_id: str) -> Response:
    """Tell that address no more."""
    control("DELETE", f"/webhook-subscriptions/{subscription_id}")
    flash("That address is told no more; what is on its way still arrives.", "done")
    return back()


@pages.post("/webhooks/<int:webhook_id>/replay")
def post_again(webhook_id: int) -> Response:
    """Post one once more, now."""
    control("POST", f"/webhooks/{webhook_id}/replay")
    flash("It is posted once more, now.", "done")
    return back()
