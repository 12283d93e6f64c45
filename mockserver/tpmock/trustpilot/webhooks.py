"""Webhooks: reviews created, updated or deleted, posted to subscribed addresses (HOOKS, HOOKS-FR)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection
from functools import partial
from typing import Any, Final

from tpmock.common.moments import iso, iso_milliseconds
from tpmock.core.json_text import members, to_json
from tpmock.core.responses import Bindings
from tpmock.core.timeline import Work
from tpmock.journal.erasure import Redactor
from tpmock.outbound.http_client import HttpReply
from tpmock.outbound.sender import OutgoingRequest
from tpmock.trustpilot.model import ProductReview, ServiceReview, WebhookAttempt, WebhookDelivery
from tpmock.trustpilot.world import World

actions = Bindings()

#: No retry rule is documented. Assumed: a few attempts within an hour.
RETRY_WAITS: Final = (60.0, 600.0, 3000.0)
TIMEOUT: Final = 10.0
#: The base of the real Trustpilot's links (HOOKS).
_VENDOR: Final = "https://api.trustpilot.com"


def publish(world: World, event: str, review: ServiceReview | ProductReview) -> None:
    """Schedule a webhook for every subscription to this event of the review's unit; due now.

    An address gets the events of one review in order: while an earlier one is retried, later ones wait.
    again, later ones wait.
    """
    subscribed = [one for one in world.subscriptions.values() if one.event == event and one.unit == review.unit]
    if not subscribed:
        return
    body = to_json(envelope(world, event, review))
    for subscription in subscribed:
        number = next(reversed(world.webhooks), 0) + 1
        delivery = WebhookDelivery(number, event, subscription.url, body, review.trace, world.now(), review.id)
        world.webhooks[number] = delivery
        _record_step(world, "webhook-due", delivery)
        queue = world.webhook_queues.setdefault((review.id, subscription.url), deque())
        queue.append(delivery)
        if queue[0] is delivery:
            _try_at(world, delivery, world.now())


def _record_step(world: World, what: str, delivery: WebhookDelivery, again_at: float | None = None) -> None:
    world.traces.note(delivery.trace, what, "reviewId", delivery.id, delivery.event, again_at)


def envelope(world: World, event: str, review: ServiceReview | ProductReview) -> dict[str, Any]:
    """Return the documented body. It never has an e-mail address; for a deleted review it has only the id."""
    data = {"id": review.id} if event.endswith("-deleted") else _event_data(world, review)
    return {"events": [{"eventName": event, "version": "1", "eventData": data}]}


def _event_data(world: World, review: ServiceReview | ProductReview) -> dict[str, Any]:
    consumer = world.consumers[review.consumer]
    moment = iso_milliseconds if world.variants["webhook_dates"] == "milliseconds" else iso
    words = ("title", "text") if isinstance(review, ServiceReview) else ("content",)
    data = members(review, "id", "language", *words, "reference_id", "stars", "created_at", moment=moment)
    link = f"{_api(world)}/v1/consumers/{consumer.id}"
    data["consumer"] = {"id": consumer.id, "name": consumer.display_name, "link": link}
    if isinstance(review, ServiceReview):
        return data | {
            "isVerified": review.verified,
            "locationId": review.location,
            "link": f"{_api(world)}/v1/reviews/{review.id}",
            "tags": list(review.tags),
        }
    known = world.products.get((review.unit, review.sku))
    data["consumer"]["email"] = consumer.email
    return data | {
        "state": review.state,
        "product": {
            "id": None if known is None else known.id,
            "sku": review.sku,
            "name": review.product_name,
            "productUrl": review.url,
            "brand": review.brand,
            "mpn": None if known is None else known.fields.get("mpn"),
        },
        "link": f"{_api(world)}/v1/private/product-reviews/{review.id}",
    }


def _api(world: World) -> str:
    """Return the base of links: this mock, as in the API's answers."""
    return _VENDOR if world.variants["webhook_links"] == "vendor" else str(world.public_url)


def replay(world: World, delivery: WebhookDelivery) -> None:
    """Post a webhook again, now; one that waits for a retry is posted now, one in flight is not changed."""
    if delivery.due is not None:
        if not world.schedule.waits(delivery.due):
            return
        world.schedule.cancel(delivery.due)
    delivery.state = "pending"
    world.webhooks.reweigh(delivery.id)
    _try_at(world, delivery, world.now())


def _try_at(world: World, delivery: WebhookDelivery, moment: float) -> None:
    world.webhooks_under_way[delivery.id] = delivery
    delivery.due = world.schedule.at(moment, "post-webhook", str(delivery.id))


@actions.handles("post-webhook")
def _attempt(world: World, number: str) -> Work:
    delivery = world.webhooks_under_way[int(number)]
    headers = {"Content-Type": "application/json", "User-Agent": "Trustpilot (mock)"}
    request = OutgoingRequest(
        delivery.url, headers, delivery.body, TIMEOUT, "trustpilot", "webhook", delivery.trace, "reviewId"
    )
    return world.outbound.send(request, partial(_finish, world, delivery))


def _finish(world: World, delivery: WebhookDelivery, reply: HttpReply, started: float) -> None:
    delivery.attempts.append(WebhookAttempt(started, reply.status, reply.error, reply.milliseconds))
    delivery.due = None
    tries = len(delivery.attempts)
    if reply.status is not None and 200 <= reply.status < 300:  # noqa: PLR2004 - what success means in HTTP
        delivery.state = "delivered"
    elif tries <= len(RETRY_WAITS):
        again_at = world.now() + RETRY_WAITS[tries - 1]
        _try_at(world, delivery, again_at)
        world.webhooks.reweigh(delivery.id)
        _record_step(world, "webhook-awaiting-retry", delivery, again_at)
        return
    else:
        delivery.state = "failed"
    _record_step(world, f"webhook-{delivery.state}", delivery)
    del world.webhooks_under_way[delivery.id]
    world.webhooks.reweigh(delivery.id)
    _let_next_go(world, delivery)


def _let_next_go(world: World, delivery: WebhookDelivery) -> None:
    key = (delivery.review, delivery.url)
    queue = world.webhook_queues.get(key)
    if queue is None or not any(waiting is delivery for waiting in queue):
        # A replay of a webhook that was completed earlier.
        return
    had_its_turn = queue[0] is delivery
    remaining = deque(waiting for waiting in queue if waiting is not delivery)
    if not remaining:
        del world.webhook_queues[key]
        return
    world.webhook_queues[key] = remaining
    if had_its_turn and remaining[0].due is None:
        _try_at(world, remaining[0], world.now())


def erase(world: World, redactor: Redactor, traces: Collection[str]) -> None:
    """Erase a person from posted webhooks; those in flight do not change."""
    named = {one.id for one in redactor.among(world.webhooks.values(), lambda delivery: (delivery.body.decode(),))}
    for delivery in world.webhooks.values():
        if delivery.id not in world.webhooks_under_way and (delivery.trace in traces or delivery.id in named):
            delivery.body = redactor.content(delivery.body)


def document(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a webhook for the control API."""
    return {
        **members(delivery, "id", "event", "url", "state", "created_at", "trace", moment=iso_milliseconds),
        "attempts": [
            members(one, "at", "status", "error", moment=iso_milliseconds)
            | {"milliseconds": round(one.milliseconds, 3)}
            for one in delivery.attempts
        ],
        "body": json.loads(delivery.body),
    }
