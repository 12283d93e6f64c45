"""Delivery of events to destinations: one POST per event, retried for four hours (Direct destinations)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds
from tpmock.core.json_text import members, to_json
from tpmock.core.responses import Bindings
from tpmock.core.timeline import Work
from tpmock.outbound.http_client import HttpReply
from tpmock.outbound.sender import OutgoingRequest
from tpmock.segment import filters, functions, reasons, retries, shop_orders, webhooks
from tpmock.segment.fql import FqlError
from tpmock.segment.model import Attempt, Delivery, Destination, Event, Json
from tpmock.segment.workspace import Workspace

actions = Bindings()

#: Maximum shift of shuffled events, in seconds. Assumed.
SHUFFLED_OVER: Final = 60.0

_DELIVERED_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "track": ("track",),
    "track-identify": ("track", "identify"),
    "all": ("track", "identify", "page", "group"),
}


def dispatch(workspace: Workspace, event: Event) -> None:
    """Deliver an event to every destination of its source, or record why it is not sent."""
    connected = [
        destination
        for destination in workspace.destinations.values()
        if destination.source is None or workspace.sources[destination.source].name == event.source
    ]
    if not connected:
        workspace.traces.note(event.trace, "not-connected", "messageId", event.source)
    for destination in connected:
        delivery = Delivery(workspace.next_id(), event, destination, workspace.now())
        if not destination.enabled:
            # Segment does not report a destination that is switched off; the code is ours.
            _stop(workspace, delivery, "DESTINATION_DISABLED")
        else:
            _start(workspace, delivery)


def replay(workspace: Workspace, events: Sequence[Event], destination: Destination) -> list[Delivery]:
    """Send events again to one destination, even one that is switched off; its filters apply (Replay)."""
    made = []
    for event in events:
        message = event.message | {"integrations": {"All": False, destination.integration: True}}
        again = Event(workspace.next_id(), message, event.source, event.received_at, event.trace)
        made.append(Delivery(workspace.next_id(), again, destination, workspace.now(), replay=True))
        _start(workspace, made[-1])
    return made


def _start(workspace: Workspace, delivery: Delivery) -> None:
    reason = filtered(workspace, delivery)
    if reason is not None:
        _stop(workspace, delivery, reason)
        return
    send(workspace, delivery)


def send(workspace: Workspace, delivery: Delivery) -> None:
    """Schedule the delivery, unless the address is unknown."""
    destination = delivery.destination
    if not (destination.function or address(workspace, destination) or by_key(workspace, destination)):
        _stop(workspace, delivery, "NO_ENDPOINT")
        return
    workspace.under_way[delivery.id] = delivery
    workspace.deliveries[delivery.id] = delivery
    _try_at(workspace, delivery, workspace.now() + _straying(workspace, delivery))


def _filter(workspace: Workspace, delivery: Delivery) -> str | None:
    """Apply the destination's filters to the message; return the reason when they drop it."""
    message = delivery.event.message
    try:
        left = filters.applied(delivery.destination.filters, message, workspace.random)
    except FqlError:
        # Segment drops the message, so that it never sends what a filter hides (Destination filters, error handling).
        return "INTERNAL"
    if left is None:
        return "FILTERED_BY_RULES"
    delivery.message = None if left is message else left
    return None


def address(workspace: Workspace, destination: Destination) -> str:
    """Return the destination's own address, else that of its catalog entry; empty when the mock knows neither."""
    return destination.url or workspace.endpoints.get(destination.integration, "")


def by_key(workspace: Workspace, destination: Destination) -> bool:
    """Return whether the destination delivers to Trustpilot's Integration Key interface, because it has no address."""
    return not address(workspace, destination) and shop_orders.takes(workspace, destination)


def _straying(workspace: Workspace, delivery: Delivery) -> float:
    if workspace.variants["delivery_order"] == "as-received":
        return 0.0
    return workspace.random.branch(f"order/{delivery.id}").between(0.0, SHUFFLED_OVER)


def filtered(workspace: Workspace, delivery: Delivery) -> str | None:
    """Return Segment's reason why a message stops before a destination ("Filtered at destination"), or None.

    The delivery records what the destination's filters leave of the message.
    """
    message, destination = delivery.event.message, delivery.destination
    # A function reports unsupported events itself.
    direct = destination.kind == "direct"
    if message["type"] not in (_DELIVERED_TYPES[workspace.variants["delivered_types"]] if direct else webhooks.TYPES):
        return "UNSUPPORTED_EVENT_TYPE"
    if by_key(workspace, destination) and not shop_orders.invites(message):
        return "UNSUPPORTED_EVENT_TYPE"
    if not _enabled(message["integrations"], destination.integration):
        return "FILTERED_BY_INTEGRATIONS_OBJECT"
    return _filter(workspace, delivery) if destination.filters else None


def _enabled(integrations: Mapping[str, Any], name: str) -> bool:
    """Return whether a message goes to a destination: names are case-sensitive, ``All`` is not, objects are true."""
    if name in integrations:
        return integrations[name] is not False
    return next((value for key, value in integrations.items() if key.lower() == "all"), True) is not False


def _stop(workspace: Workspace, delivery: Delivery, reason: str) -> None:
    """End a delivery without sending it, or without sending it again."""
    delivery.state, delivery.reason, delivery.next_attempt_at = "filtered", reason, None
    workspace.deliveries[delivery.id] = delivery
    _conclude(workspace, delivery)
    _record_step(workspace, delivery)


def _record_step(workspace: Workspace, delivery: Delivery, decisive: Attempt | None = None) -> None:
    """Record the delivery's state in the trace, with the destination's answer."""
    workspace.traces.note(
        delivery.event.trace,
        f"delivery-{delivery.state}",
        "messageId",
        delivery.destination.name,
        delivery.reason,
        None if decisive is None else decisive.status,
        None if decisive is None else decisive.message,
        delivery.next_attempt_at,
    )


def _conclude(workspace: Workspace, delivery: Delivery) -> None:
    """Finish a delivery: count it once, and remove it from those in flight."""
    workspace.under_way.pop(delivery.id, None)
    workspace.deliveries.reweigh(delivery.id)
    if delivery.replay:
        # Event Delivery and the overview do not show replays.
        return
    ends: Mapping[str, reasons.Step] = {"delivered": "successful-delivery", "filtered": "filtered-at-destination"}
    step = ends.get(delivery.state, "failed-delivery")
    workspace.counters.add(
        workspace.now(),
        step,
        delivery.event.source,
        delivery.event.message,
        destination=delivery.destination.name,
        reason=None if delivery.reason is None else reasons.bare(delivery.reason),
        retried=delivery.tries > 0,
    )


def _try_at(workspace: Workspace, delivery: Delivery, moment: float) -> None:
    delivery.next_attempt_at = moment
    workspace.schedule.at(moment, "deliver-event", str(delivery.id))


@actions.handles("deliver-event")
def _attempt(workspace: Workspace, number: str) -> Work | None:
    delivery = workspace.under_way[int(number)]
    destination = workspace.destinations.get(delivery.destination.id)
    if destination is None or not (destination.enabled or delivery.replay):
        _stop(workspace, delivery, "DESTINATION_DISABLED")
        return None
    delivery.destination = destination
    delivery.state, delivery.next_attempt_at = "pending", None
    if destination.function is not None:
        if functions.batches(destination):
            _gather(workspace, delivery)
            return None
        return functions.call_one(workspace, delivery, destination.function, partial(_finish, workspace))
    return _post(workspace, delivery, requests(workspace, delivery.outgoing, destination))


def _post(workspace: Workspace, delivery: Delivery, posts: Sequence[OutgoingRequest]) -> Work:
    """Return work that posts an event to all addresses, one after the other. One success is enough."""
    made: list[Attempt] = []
    outcomes: list[retries.Verdict] = []

    def done(url: str | None, reply: HttpReply, started: float) -> str | None:
        made.append(retries.attempt(reply, started, url))
        outcome, evidence = retries.classify(reply, workspace.variants["retry_policy"])
        outcomes.append(outcome)
        if len(made) == len(posts):
            best: retries.Verdict = min(outcomes, key=("delivered", "retried", "discarded").index)
            _finish(workspace, delivery, made[outcomes.index(best)], best, made)
        return evidence

    several = delivery.destination.webhook is not None
    works = [workspace.outbound.send(post, partial(done, post.url if several else None)) for post in posts]

    def work() -> None:
        for each in works:
            each()

    return work


def _gather(workspace: Workspace, delivery: Delivery) -> None:
    """Add a delivery to its batch, which is sent when it is full or old enough."""
    name = delivery.destination.id
    gathered = workspace.gathering.setdefault(name, [])
    gathered.append(delivery.id)
    if len(gathered) >= functions.BATCH_EVENTS:
        _close_batch(workspace, name)
    elif len(gathered) == 1:
        workspace.schedule.at(workspace.now() + functions.BATCH_SECONDS, "close-batch", name)


@actions.handles("close-batch")
def _close_batch(workspace: Workspace, name: str) -> None:
    gathered = workspace.gathering.pop(name, [])
    if gathered:
        workspace.schedule.at(workspace.now(), "deliver-batch", ",".join(map(str, gathered)))


@actions.handles("deliver-batch")
def _attempt_batch(workspace: Workspace, numbers: str) -> Work | None:
    deliveries = [workspace.under_way[int(number)] for number in numbers.split(",")]
    destination = workspace.destinations.get(deliveries[0].destination.id)
    if destination is None or destination.function is None or not functions.batches(destination):
        # The destination is no longer a batch function: each event is delivered separately again.
        for delivery in deliveries:
            _try_at(workspace, delivery, workspace.now())
        return None
    for delivery in deliveries:
        if not (destination.enabled or delivery.replay):
            _stop(workspace, delivery, "DESTINATION_DISABLED")
    left = [delivery for delivery in deliveries if delivery.id in workspace.under_way]
    if not left:
        return None
    return functions.call_batch(workspace, left, destination.function, partial(_finish, workspace))


def requests(workspace: Workspace, event: Event, destination: Destination) -> list[OutgoingRequest]:
    """Return the request for a delivery; a function is called with the same event instead."""
    if destination.function is not None:
        return []
    if destination.webhook is not None:
        return webhooks.requests_for(workspace, event, destination)
    if by_key(workspace, destination):
        return [shop_orders.request_for(workspace, event, destination)]
    url, headers = address(workspace, destination), _headers(workspace, destination)
    timeout = seconds(workspace.variants["delivery_timeout"])
    return [retries.request(url, headers, to_json(event.message), timeout, event.trace)]


def _headers(workspace: Workspace, destination: Destination) -> Mapping[str, str]:
    """Return the request for a direct destination: the API key as Basic user name, always a colon, no password."""
    key = base64.b64encode(f"{destination.api_key}:".encode("utf-8", "replace")).decode()
    custom = {name: value for name, value in destination.settings.items() if name != "apiKey"}
    settings = {}
    if custom or workspace.variants["settings_header"] == "always":
        settings["X-Segment-Settings"] = base64.b64encode(to_json(custom)).decode()
    return settings | {
        "X-Mock-Time": iso_milliseconds(workspace.now()),
        "Authorization": f"Basic {key}",
        "User-Agent": "Segment.io/1.0",
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
        "Connection": "Keep-Alive",
    }


def _finish(
    workspace: Workspace, delivery: Delivery, decisive: Attempt, outcome: retries.Verdict, made: Sequence[Attempt] = ()
) -> None:
    """Handle the result of an attempt: delivered, failed, or scheduled for a retry.

    :param decisive: the attempt that decided
    :param made: all attempts of the round, one per address
    """
    delivery.attempts += made or [decisive]
    code = decisive.error or str(decisive.status)
    if outcome == "delivered":
        delivery.state, delivery.reason = "delivered", None
    elif outcome == "discarded":
        delivery.state, delivery.reason = "discarded", reasons.discarded(code)
    else:
        _retry(workspace, delivery, reasons.awaiting_retry(code))
    if delivery.state == "awaiting-retry":
        workspace.deliveries.reweigh(delivery.id)
    else:
        _conclude(workspace, delivery)
    _record_step(workspace, delivery, decisive)


def _retry(workspace: Workspace, delivery: Delivery, reason: str) -> None:
    delivery.tries += 1
    # Answers arrive in any order; the wait must not depend on it.
    random = workspace.random.branch(f"retry/{delivery.id}/{delivery.tries}")
    wait = retries.wait(workspace.variants["retry_schedule"], delivery.tries, random)
    moment = workspace.now() + (wait or 0.0)
    if wait is None or moment > delivery.started_at + retries.WINDOW:
        delivery.state, delivery.reason = "discarded", reason
        return
    delivery.state, delivery.reason = "awaiting-retry", reason
    _try_at(workspace, delivery, moment)


def explanation(delivery: Delivery) -> str | None:
    """Return the reason for a delivery's state as a sentence; None when no explanation is needed."""
    if delivery.reason is None:
        return None
    return reasons.sentence(delivery.reason, over=delivery.state == "discarded")


def document(delivery: Delivery) -> Json:
    """Return a delivery for the control API."""
    return {
        **members(delivery, "id", "state", "reason", "replay", "next_attempt_at", moment=iso_milliseconds),
        "messageId": delivery.event.message["messageId"],
        "destination": delivery.destination.name,
        "explanation": explanation(delivery),
        "attempts": [
            {
                **members(one, "at", "status", "error", "message", moment=iso_milliseconds),
                "milliseconds": round(one.milliseconds, 3),
                **({} if one.url is None else {"url": one.url}),
            }
            for one in delivery.attempts
        ],
        "trace": delivery.event.trace,
    }
