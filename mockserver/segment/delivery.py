"""How Segment brings an event to a destination: one POST an event, retried for four hours (Direct destinations)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from mockserver import ring
from mockserver.clock import iso_milliseconds, seconds
from mockserver.courier import Reply
from mockserver.outbound import Letter
from mockserver.segment import attempts, filters, functions, reasons, retries, webhooks
from mockserver.segment.fql import FqlError
from mockserver.segment.model import Attempt, Delivery, Destination, Event, Json
from mockserver.segment.workspace import Workspace
from mockserver.timeline import Acts, Work
from mockserver.wire import to_json

acts = Acts()

#: How many deliveries of one sandbox may wait or be under way: as many as are remembered, so that waiting costs no
#: memory. Beyond them nothing more is taken in: whoever sends is told to come again later, so that nothing is lost.
#: Assumed; Segment's own limit is not public.
ROOM: Final = ring.SIZE
#: How far events stray when they are shuffled, in seconds. Assumed.
SHUFFLED_OVER: Final = 60.0

_DELIVERED_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "track": ("track",),
    "track-identify": ("track", "identify"),
    "all": ("track", "identify", "page", "group"),
}


def has_room(workspace: Workspace) -> bool:
    """Whether more can be taken in."""
    return len(workspace.under_way) < ROOM


def dispatch(workspace: Workspace, event: Event) -> None:
    """Send an event on its way to every destination its source is connected to, or note why it does not go."""
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
            # Segment shows nothing at all for a destination that is switched off; the code is ours.
            _stop(workspace, delivery, "DESTINATION_DISABLED")
        else:
            _start(workspace, delivery)


def replay(workspace: Workspace, events: Sequence[Event], destination: Destination) -> list[Delivery]:
    """Send events once more, to one destination, even one that is switched off; its filters apply (Replay)."""
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
    """Bring it to its destination, unless nobody knows where that is."""
    if not (delivery.destination.function or address(workspace, delivery.destination)):
        _stop(workspace, delivery, "NO_ENDPOINT")
        return
    workspace.deliveries[delivery.id] = delivery
    workspace.under_way[delivery.id] = delivery
    _try_at(workspace, delivery, workspace.now() + _straying(workspace, delivery))


def _filter(workspace: Workspace, delivery: Delivery) -> str | None:
    """Let the filters of the destination have their way with the message; the reason when nothing is left of it."""
    message = delivery.event.message
    try:
        left = filters.applied(delivery.destination.filters, message, workspace.chance)
    except FqlError:
        # Segment keeps it back rather than let out what a filter was to hide (Destination filters, error handling).
        return "INTERNAL"
    if left is None:
        return "FILTERED_BY_RULES"
    delivery.message = None if left is message else left
    return None


def address(workspace: Workspace, destination: Destination) -> str:
    """Where it posts: its own address, else that of its entry in the catalogue; empty when the mock knows neither."""
    return destination.url or workspace.endpoints.get(destination.integration, "")


def _straying(workspace: Workspace, delivery: Delivery) -> float:
    if workspace.variants["delivery_order"] == "as-received":
        return 0.0
    return workspace.chance.branch(f"order/{delivery.id}").between(0.0, SHUFFLED_OVER)


def filtered(workspace: Workspace, delivery: Delivery) -> str | None:
    """Segment's reason why a message stops before a destination ("Filtered at destination"), or None.

    What the destination's filters leave of a message is noted in the delivery.
    """
    message, destination = delivery.event.message, delivery.destination
    if message["type"] not in _types(workspace, destination):
        return "UNSUPPORTED_EVENT_TYPE"
    if not _enabled(message["integrations"], destination.integration):
        return "FILTERED_BY_INTEGRATIONS_OBJECT"
    return _filter(workspace, delivery) if destination.filters else None


def _types(workspace: Workspace, destination: Destination) -> Sequence[str]:
    if destination.kind == "direct":
        return _DELIVERED_TYPES[workspace.variants["delivered_types"]]
    # A function says by itself what it does not support.
    return webhooks.TYPES


def _enabled(integrations: Mapping[str, Any], name: str) -> bool:
    """Names are case-sensitive, ``All`` is not; an object of options counts as true (Filtering with integrations)."""
    if name in integrations:
        return integrations[name] is not False
    return next((value for key, value in integrations.items() if key.lower() == "all"), True) is not False


def _stop(workspace: Workspace, delivery: Delivery, reason: str) -> None:
    """It does not leave, or no more."""
    delivery.state, delivery.reason, delivery.next_attempt_at = "filtered", reason, None
    workspace.deliveries[delivery.id] = delivery
    _conclude(workspace, delivery)
    _tell(workspace, delivery)


def _tell(workspace: Workspace, delivery: Delivery, decisive: Attempt | None = None) -> None:
    """Note in the trace how the delivery stands now, and what the destination said to that."""
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
    """It has come to its end: counted once, and no longer under way."""
    workspace.under_way.pop(delivery.id, None)
    if delivery.replay:
        # Event Delivery and the overview do not show what is replayed.
        return
    step: reasons.Step = "successful-delivery"
    if delivery.state != "delivered":
        step = "filtered-at-destination" if delivery.state == "filtered" else "failed-delivery"
    workspace.tally.add(
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


@acts.performs("deliver-event")
def _attempt(workspace: Workspace, number: str) -> Work | None:
    delivery = workspace.under_way[int(number)]
    destination = workspace.destinations.get(delivery.destination.id)
    if destination is None or not (destination.enabled or delivery.replay):
        _stop(workspace, delivery, "DESTINATION_DISABLED")
        return None
    delivery.destination = destination
    delivery.state, delivery.next_attempt_at = "pending", None
    if destination.kind == "webhook":
        return webhooks.send(workspace, delivery.outgoing, destination, partial(_finish, workspace, delivery))
    if destination.function is not None:
        if functions.batches(destination):
            _gather(workspace, delivery)
            return None
        return functions.call_one(workspace, delivery, destination.function, partial(_finish_function, workspace))
    letter = _letter(workspace, delivery.outgoing, destination)
    return workspace.outbound.send(letter, partial(_finish_one, workspace, delivery))


def _gather(workspace: Workspace, delivery: Delivery) -> None:
    """Let it wait for its batch, which goes when it is full or old enough."""
    name = delivery.destination.id
    gathered = workspace.gathering.setdefault(name, [])
    gathered.append(delivery.id)
    if len(gathered) >= functions.BATCH_EVENTS:
        _close_batch(workspace, name)
    elif len(gathered) == 1:
        workspace.schedule.at(workspace.now() + functions.BATCH_SECONDS, "close-batch", name)


@acts.performs("close-batch")
def _close_batch(workspace: Workspace, name: str) -> None:
    gathered = workspace.gathering.pop(name, [])
    if gathered:
        workspace.schedule.at(workspace.now(), "deliver-batch", ",".join(map(str, gathered)))


@acts.performs("deliver-batch")
def _attempt_batch(workspace: Workspace, numbers: str) -> Work | None:
    deliveries = [workspace.under_way[int(number)] for number in numbers.split(",")]
    destination = workspace.destinations.get(deliveries[0].destination.id)
    if destination is None or destination.function is None or not functions.batches(destination):
        # It has become something else meanwhile: each goes its own way again.
        for delivery in deliveries:
            _try_at(workspace, delivery, workspace.now())
        return None
    for delivery in deliveries:
        if not (destination.enabled or delivery.replay):
            _stop(workspace, delivery, "DESTINATION_DISABLED")
    left = [delivery for delivery in deliveries if delivery.id in workspace.under_way]
    if not left:
        return None
    return functions.call_batch(workspace, left, destination.function, partial(_finish_function, workspace))


def letters(workspace: Workspace, event: Event, destination: Destination) -> list[Letter]:
    """What an event makes go out to a destination; a function is called instead."""
    if destination.function is not None:
        return []
    if destination.webhook is not None:
        return webhooks.letters_for(workspace, event, destination)
    return [_letter(workspace, event, destination)]


def _letter(workspace: Workspace, event: Event, destination: Destination) -> Letter:
    """What a direct destination gets: the event as it is stored."""
    return Letter(
        url=address(workspace, destination),
        headers=_headers(workspace, destination),
        body=to_json(event.message),
        timeout=seconds(workspace.variants["delivery_timeout"]),
        api=retries.API,
        operation=retries.OPERATION,
        trace=event.trace,
        join="messageId",
        asks=True,
    )


def _headers(workspace: Workspace, destination: Destination) -> Mapping[str, str]:
    """Exactly what a direct destination gets: the API key as Basic user name, colon always there, no password."""
    key = base64.b64encode(f"{destination.api_key}:".encode()).decode()
    custom = {name: value for name, value in destination.settings.items() if name != "apiKey"}
    settings = {}
    if custom or workspace.variants["settings_header"] == "always":
        settings["X-Segment-Settings"] = base64.b64encode(to_json(custom)).decode()
    return settings | {
        "Authorization": f"Basic {key}",
        "User-Agent": "Segment.io/1.0",
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
        "Connection": "Keep-Alive",
    }


def _finish_one(workspace: Workspace, delivery: Delivery, reply: Reply, started: float) -> str | None:
    outcome, evidence = attempts.judged(workspace, reply)
    made = attempts.attempt(reply, started)
    _finish(workspace, delivery, [made], outcome, made)
    return evidence


def _finish_function(workspace: Workspace, delivery: Delivery, made: Attempt, outcome: retries.Outcome) -> None:
    _finish(workspace, delivery, [made], outcome, made)


def _finish(
    workspace: Workspace, delivery: Delivery, made: Sequence[Attempt], outcome: retries.Outcome, decisive: Attempt
) -> None:
    """After one try: delivered, given up, or tried again later.

    :param made: its attempts, one to each address
    :param decisive: the one of them that decided
    """
    delivery.attempts += made
    code = attempts.code(decisive)
    if outcome == "delivered":
        delivery.state, delivery.reason = "delivered", None
    elif outcome == "discarded":
        delivery.state, delivery.reason = "discarded", reasons.discarded(code)
    else:
        _retry(workspace, delivery, reasons.awaiting_retry(code))
    if delivery.state != "awaiting-retry":
        _conclude(workspace, delivery)
    _tell(workspace, delivery, decisive)


def _retry(workspace: Workspace, delivery: Delivery, reason: str) -> None:
    delivery.tries += 1
    # Answers come back in any order; the wait must not depend on it.
    chance = workspace.chance.branch(f"retry/{delivery.id}/{delivery.tries}")
    wait = retries.wait(workspace.variants["retry_schedule"], delivery.tries, chance)
    moment = workspace.now() + (wait or 0.0)
    if wait is None or moment > delivery.started_at + retries.WINDOW:
        delivery.state, delivery.reason = "discarded", reason
        return
    delivery.state, delivery.reason = "awaiting-retry", reason
    _try_at(workspace, delivery, moment)


def explanation(delivery: Delivery) -> str | None:
    """Why it stands as it stands, in plain words; None when there is nothing to explain."""
    if delivery.reason is None:
        return None
    return reasons.sentence(delivery.reason, over=delivery.state == "discarded")


def document(delivery: Delivery) -> Json:
    """A delivery for the control API."""
    return {
        "id": delivery.id,
        "messageId": delivery.event.message["messageId"],
        "destination": delivery.destination.name,
        "state": delivery.state,
        "reason": delivery.reason,
        "explanation": explanation(delivery),
        "replay": delivery.replay,
        "attempts": [
            {
                "at": iso_milliseconds(one.at),
                "status": one.status,
                "error": one.error,
                "message": one.message,
                "milliseconds": round(one.milliseconds, 3),
                **({} if one.url is None else {"url": one.url}),
            }
            for one in delivery.attempts
        ],
        "nextAttemptAt": None if delivery.next_attempt_at is None else iso_milliseconds(delivery.next_attempt_at),
        "trace": delivery.event.trace,
    }
