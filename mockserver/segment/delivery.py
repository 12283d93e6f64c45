"""How Segment brings an event to a destination: one POST an event, retried for four hours (Direct destinations)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final

from contracts import spec
from mockserver.clock import iso_milliseconds, seconds
from mockserver.courier import Reply
from mockserver.outbound import Letter
from mockserver.segment.model import Attempt, Delivery, Destination, Event, Json, Workspace
from mockserver.timeline import Work
from mockserver.wire import to_json

API: Final = "segment-destination"
OPERATION: Final = "deliver"

#: Segment retries for four hours with randomised exponential backoff (Destinations overview). Its steps are not
#: public: the first wait and the longest one are assumed.
RETRY_WINDOW: Final = 4 * 3600
FIRST_WAIT: Final = 30.0
LONGEST_WAIT: Final = 3600.0

_DELIVERED_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "track": ("track",),
    "track-identify": ("track", "identify"),
    "all": ("track", "identify", "page", "group"),
}


def dispatch(workspace: Workspace, event: Event) -> None:
    """Send an event on its way to every destination of the workspace, or note why it does not go."""
    for destination in workspace.destinations.values():
        delivery = Delivery(workspace.next_id(), event, destination, workspace.now())
        workspace.deliveries[delivery.id] = delivery
        delivery.reason = _filtered(workspace, event, destination)
        if delivery.reason is None:
            delivery.next_attempt_at = workspace.now()
            workspace.schedule.at(workspace.now(), partial(_attempt, workspace, delivery))
        else:
            delivery.state = "filtered"


def _filtered(workspace: Workspace, event: Event, destination: Destination) -> str | None:
    """Segment's reason why the event stops here ("Filtered at destination"), or None."""
    if not destination.enabled:
        # Segment shows nothing at all for a destination that is switched off; the code is ours.
        return "DESTINATION_DISABLED"
    if event.message["type"] not in _DELIVERED_TYPES[workspace.variants["delivered_types"]]:
        return "UNSUPPORTED_EVENT_TYPE"
    return None if _enabled(event.message["integrations"], destination.name) else "FILTERED_BY_INTEGRATIONS_OBJECT"


def _enabled(integrations: Mapping[str, Any], name: str) -> bool:
    """Names are case-sensitive, ``All`` is not; an object of options counts as true (Filtering with integrations)."""
    if name in integrations:
        return integrations[name] is not False
    return next((value for key, value in integrations.items() if key.lower() == "all"), True) is not False


def _attempt(workspace: Workspace, delivery: Delivery) -> Work | None:
    destination = workspace.destinations.get(delivery.destination.name)
    if destination is None or not destination.enabled:
        delivery.state, delivery.reason, delivery.next_attempt_at = "filtered", "DESTINATION_DISABLED", None
        return None
    delivery.destination = destination
    delivery.state, delivery.next_attempt_at = "pending", None
    letter = Letter(
        url=destination.url,
        headers=_headers(destination),
        body=to_json(delivery.event.message),
        timeout=seconds(workspace.variants["delivery_timeout"]),
        api=API,
        operation=OPERATION,
        trace=delivery.event.trace,
    )
    return workspace.outbound.send(letter, partial(_finish, workspace, delivery))


def _headers(destination: Destination) -> Mapping[str, str]:
    """Exactly what a direct destination gets: the API key as Basic user name, colon always there, no password."""
    key = base64.b64encode(f"{destination.api_key}:".encode()).decode()
    return {
        "Authorization": f"Basic {key}",
        "User-Agent": "Segment.io/1.0",
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
        "Connection": "Keep-Alive",
    }


def _finish(workspace: Workspace, delivery: Delivery, reply: Reply, started: float) -> str | None:
    delivery.attempts.append(Attempt(started, reply.status, reply.error, _message(reply), reply.milliseconds))
    outcome, evidence = _meaning(reply.status)
    if outcome == "delivered":
        delivery.state, delivery.reason = "delivered", None
    elif outcome == "discarded":
        delivery.state, delivery.reason = "discarded", f"errors.discarded.{reply.status}"
    else:
        _retry(workspace, delivery, f"errors.awaiting-retry.{reply.status or reply.error}")
    return evidence


def _retry(workspace: Workspace, delivery: Delivery, reason: str) -> None:
    wait = min(FIRST_WAIT * 2 ** (len(delivery.attempts) - 1), LONGEST_WAIT) * workspace.chance.between(0.5, 1.5)
    moment = workspace.now() + wait
    if moment > delivery.started_at + RETRY_WINDOW:
        delivery.state, delivery.reason = "discarded", reason
        return
    delivery.state, delivery.reason, delivery.next_attempt_at = "awaiting-retry", reason, moment
    workspace.schedule.at(moment, partial(_attempt, workspace, delivery))


@lru_cache(maxsize=1)
def _meanings() -> Mapping[str, tuple[str, str]]:
    """What each status means and how sure we are, from the document; ranges such as ``5XX`` included."""
    responses = spec.load(API).operations[OPERATION].responses
    return {status: (entry.extensions["x-delivery"], entry.evidence.text) for status, entry in responses.items()}


def _meaning(status: int | None) -> tuple[str, str | None]:
    if status is None:
        return "retried", None
    meanings = _meanings()
    return meanings.get(str(status)) or meanings.get(f"{status // 100}XX") or ("discarded", None)


def _message(reply: Reply) -> str | None:
    """The sentence for the customer, when the answer is JSON and has one."""
    if "json" not in reply.headers.get("content-type", reply.headers.get("Content-Type", "")):
        return None
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    message = answer.get("message") if isinstance(answer, dict) else None
    return message if isinstance(message, str) else None


def document(delivery: Delivery) -> Json:
    """A delivery for the control API."""
    return {
        "id": delivery.id,
        "messageId": delivery.event.message["messageId"],
        "destination": delivery.destination.name,
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts": [
            {
                "at": iso_milliseconds(attempt.at),
                "status": attempt.status,
                "error": attempt.error,
                "message": attempt.message,
                "milliseconds": round(attempt.milliseconds, 3),
            }
            for attempt in delivery.attempts
        ],
        "nextAttemptAt": None if delivery.next_attempt_at is None else iso_milliseconds(delivery.next_attempt_at),
        "trace": delivery.event.trace,
    }
