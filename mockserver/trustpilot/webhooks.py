"""Webhooks: reviews created, updated, deleted, posted to whoever is subscribed (HOOKS, HOOKS-FR)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection
from functools import partial
from typing import Any, Final

from mockserver.clock import iso, iso_milliseconds
from mockserver.courier import Reply
from mockserver.forgetting import Eraser
from mockserver.outbound import Letter
from mockserver.timeline import Acts, Work
from mockserver.trustpilot.model import ProductReview, ServiceReview, WebhookAttempt, WebhookDelivery
from mockserver.trustpilot.world import World
from mockserver.wire import to_json

EVENTS: Final = (
    "service-review-created",
    "service-review-updated",
    "service-review-deleted",
    "product-review-created",
    "product-review-updated",
    "product-review-deleted",
)
acts = Acts()

#: No retry rule is documented. Assumed: a few tries within an hour, then no more.
RETRY_WAITS: Final = (60.0, 600.0, 3000.0)
TIMEOUT: Final = 10.0
#: Where links in a webhook lead; there is no caller whose host could be used.
_API: Final = "https://api.trustpilot.com"


def publish(world: World, event: str, review: ServiceReview | ProductReview) -> None:
    """Tell every subscription of this event for the review's unit; due now.

    The events of one review reach an address in the order in which they happened: while an earlier one is being tried
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
        _tell(world, "webhook-due", delivery)
        queue = world.webhook_queues.setdefault((review.id, subscription.url), deque())
        queue.append(delivery)
        if queue[0] is delivery:
            _try_at(world, delivery, world.now())


def _tell(world: World, what: str, delivery: WebhookDelivery, again_at: float | None = None) -> None:
    world.traces.note(delivery.trace, what, "reviewId", delivery.id, delivery.event, again_at)


def envelope(world: World, event: str, review: ServiceReview | ProductReview) -> dict[str, Any]:
    """The documented body. No e-mail address is ever in it; a deleted review is told by its id alone."""
    if event.endswith("-deleted"):
        data: dict[str, Any] = {"id": review.id}
    elif isinstance(review, ServiceReview):
        data = _service(world, review)
    else:
        data = _product(world, review)
    return {"events": [{"eventName": event, "version": "1", "eventData": data}]}


def _service(world: World, review: ServiceReview) -> dict[str, Any]:
    return {
        "id": review.id,
        "language": review.language,
        "title": review.title,
        "text": review.text,
        "referenceId": review.reference_id,
        "stars": review.stars,
        "createdAt": _moment(world, review.created_at),
        "isVerified": review.verified,
        "locationId": review.location,
        "link": f"{_API}/v1/reviews/{review.id}",
        "consumer": _consumer(world, review.consumer),
        "tags": list(review.tags),
    }


def _product(world: World, review: ProductReview) -> dict[str, Any]:
    return {
        "id": review.id,
        "language": review.language,
        "content": review.content,
        "referenceId": review.reference_id,
        "stars": review.stars,
        "createdAt": _moment(world, review.created_at),
        "product": {"sku": review.sku, "name": review.product_name, "productUrl": review.url},
        "link": f"{_API}/v1/private/product-reviews/{review.id}",
        "consumer": _consumer(world, review.consumer),
    }


def _moment(world: World, moment: float) -> str:
    return iso_milliseconds(moment) if world.variants["webhook_dates"] == "milliseconds" else iso(moment)


def _consumer(world: World, consumer_id: str) -> dict[str, Any]:
    consumer = world.consumers[consumer_id]
    return {"id": consumer.id, "name": consumer.display_name, "link": f"{_API}/v1/consumers/{consumer.id}"}


def replay(world: World, delivery: WebhookDelivery) -> None:
    """Post it once more, now; one that waits for its next try is tried now instead, one on its way is left alone."""
    if delivery.due is not None:
        if not world.schedule.waits(delivery.due):
            return
        world.schedule.call_off(delivery.due)
    delivery.state = "pending"
    _try_at(world, delivery, world.now())


def _try_at(world: World, delivery: WebhookDelivery, moment: float) -> None:
    world.webhooks_under_way[delivery.id] = delivery
    delivery.due = world.schedule.at(moment, "post-webhook", str(delivery.id))


@acts.performs("post-webhook")
def _attempt(world: World, number: str) -> Work:
    delivery = world.webhooks_under_way[int(number)]
    headers = {"Content-Type": "application/json", "User-Agent": "Trustpilot (mock)"}
    letter = Letter(delivery.url, headers, delivery.body, TIMEOUT, "trustpilot", "webhook", delivery.trace, "reviewId")
    return world.outbound.send(letter, partial(_finish, world, delivery))


def _finish(world: World, delivery: WebhookDelivery, reply: Reply, started: float) -> None:
    delivery.attempts.append(WebhookAttempt(started, reply.status, reply.error, reply.milliseconds))
    delivery.due = None
    tries = len(delivery.attempts)
    if reply.status is not None and 200 <= reply.status < 300:  # noqa: PLR2004 - what success means in HTTP
        delivery.state = "delivered"
    elif tries <= len(RETRY_WAITS):
        again_at = world.now() + RETRY_WAITS[tries - 1]
        _try_at(world, delivery, again_at)
        _tell(world, "webhook-awaiting-retry", delivery, again_at)
        return
    else:
        delivery.state = "failed"
    _tell(world, f"webhook-{delivery.state}", delivery)
    del world.webhooks_under_way[delivery.id]
    _let_next_go(world, delivery)


def _let_next_go(world: World, delivery: WebhookDelivery) -> None:
    key = (delivery.review, delivery.url)
    queue = world.webhook_queues.get(key)
    if queue is None or not any(waiting is delivery for waiting in queue):
        # A replay of one that had its turn long ago.
        return
    had_its_turn = queue[0] is delivery
    remaining = deque(waiting for waiting in queue if waiting is not delivery)
    if not remaining:
        del world.webhook_queues[key]
        return
    world.webhook_queues[key] = remaining
    if had_its_turn and remaining[0].due is None:
        _try_at(world, remaining[0], world.now())


def erase(world: World, eraser: Eraser, traces: Collection[str]) -> None:
    """Let nobody find a person any more in what was posted; what is still on its way stays as it is."""
    for delivery in world.webhooks.values():
        if delivery.id not in world.webhooks_under_way and (
            delivery.trace in traces or eraser.about(delivery.body.decode())
        ):
            delivery.body = eraser.content(delivery.body)


def document(delivery: WebhookDelivery) -> dict[str, Any]:
    """A webhook for the control API."""
    return {
        "id": delivery.id,
        "event": delivery.event,
        "url": delivery.url,
        "state": delivery.state,
        "createdAt": iso_milliseconds(delivery.created_at),
        "attempts": [
            {
                "at": iso_milliseconds(one.at),
                "status": one.status,
                "error": one.error,
                "milliseconds": round(one.milliseconds, 3),
            }
            for one in delivery.attempts
        ],
        "body": json.loads(delivery.body),
        "trace": delivery.trace,
    }
