"""What Segment takes in: it answers 200 even for what it will drop, and keeps the reason (HTTP Tracking API)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds, parse_iso
from mockserver.problems import Problem
from mockserver.segment import delivery
from mockserver.segment.model import Event, Json, Source, Workspace

bindings = Bindings()

#: One event, one batch, events in a batch, characters in a message id (HTTP Tracking API, limits).
EVENT_BYTES: Final = 32 * 1024
BATCH_EVENTS: Final = 2_500
MESSAGE_ID_LENGTH: Final = 100
#: At least 24 hours of message ids are kept (Handling duplicate data).
DEDUPE_WINDOW: Final = 86_400
#: Real write keys have 32 characters; one report shows 400 for an odd short one, with no limit named. Assumed.
SHORTEST_WRITE_KEY: Final = 8

_ACCEPTED: Final = {"success": True}
_TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")


@bindings.handles(*_TYPES)
def receive(workspace: Workspace, operation: str, write_key: str, body: Json, size: int) -> Answer:
    """One message, its type given by the path."""
    if size > EVENT_BYTES:
        raise Problem("too-large", hint=hints.event_too_large(size, EVENT_BYTES))
    source = _source(workspace, write_key)
    if source is None:
        return Answer(200, _ACCEPTED, hint=hints.WRITE_KEY_UNKNOWN)
    event = _take_in(workspace, source, {**body, "type": operation}, body)
    return Answer(200, _ACCEPTED, hint=hints.dropped(event.reason), trace=event.trace)


@bindings.handles("batch")
def receive_batch(workspace: Workspace, write_key: str, body: Json, size: int) -> Answer:
    """Several messages; the context and integrations around them are merged into each. What is bad is dropped alone."""
    messages = body.get("batch")
    if not isinstance(messages, list) or not messages:
        return Answer(200, _ACCEPTED, hint=hints.dropped("empty_batch"))
    if size > EVENT_BYTES:
        largest = max(len(json.dumps(message)) for message in messages)
        if largest > EVENT_BYTES:
            raise Problem("too-large", hint=hints.event_too_large(largest, EVENT_BYTES))
    if any(not _own_key(message) for message in messages):
        _source(workspace, write_key)
    senders = [workspace.sources.get(_own_key(message) or write_key) for message in messages[:BATCH_EVENTS]]
    events = [
        _take_in(workspace, source, _merged(body, message), body) if isinstance(message, dict) else None
        for source, message in zip(senders, messages, strict=False)
        if source is not None
    ]
    if not events:
        return Answer(200, _ACCEPTED, hint=hints.WRITE_KEY_UNKNOWN)
    reasons = sorted({"bad_request" if event is None else event.reason or "" for event in events} - {""})
    surplus = len(messages) - BATCH_EVENTS
    first = next((event for event in events if event is not None), None)
    return Answer(
        200,
        _ACCEPTED,
        hint=hints.surplus(surplus) if surplus > 0 else hints.dropped(", ".join(reasons) or None),
        trace=first.trace if first else None,
    )


def _source(workspace: Workspace, write_key: str) -> Source | None:
    """The source of a write key; the edge does not look it up, so an unknown one is no error there."""
    if len(write_key) < SHORTEST_WRITE_KEY:
        raise Problem("impossible-write-key", hint=hints.WRITE_KEY_MISSING)
    return workspace.sources.get(write_key)


def _own_key(message: Any) -> str:
    own = message.get("writeKey") if isinstance(message, dict) else None
    return own if isinstance(own, str) else ""


def _merged(batch: Mapping[str, Any], message: Json) -> Json:
    merged = dict(message)
    for name in ("context", "integrations"):
        outer, inner = batch.get(name), message.get(name)
        if isinstance(outer, dict) and (inner is None or isinstance(inner, dict)):
            merged[name] = {**outer, **(inner or {})}
    return merged


def _take_in(workspace: Workspace, source: Source, message: Json, envelope: Mapping[str, Any]) -> Event:
    stored = _stored(workspace, message, envelope)
    event = Event(
        id=workspace.next_id(),
        message=stored,
        source=source.name,
        received_at=workspace.now(),
        trace=workspace.traces.begin(f"message:{stored['messageId']}", *_order_key(stored)),
        reason=_drop_reason(workspace, source, stored),
    )
    workspace.events[event.id] = event
    if event.reason is None:
        delivery.dispatch(workspace, event)
    return event


def _order_key(message: Json) -> list[str]:
    properties = message.get("properties")
    number = properties.get("order_id", properties.get("orderId")) if isinstance(properties, dict) else None
    return [f"order:{number}"] if isinstance(number, str | int) else []


def _stored(workspace: Workspace, message: Json, envelope: Mapping[str, Any]) -> Json:
    """The message with what Segment adds and corrects before storing and forwarding (Spec: Common, clock skew)."""
    received_at = workspace.now()
    sent_at = message.get("sentAt", envelope.get("sentAt"))
    stored = {name: value for name, value in message.items() if name not in ("writeKey", "_metadata")}
    for name in ("userId", "anonymousId"):
        # SDKs send null beside the other id; it has to count as absent.
        if stored.get(name, "") is None:
            del stored[name]
    if not isinstance(stored.get("messageId"), str) or not stored["messageId"]:
        stored["messageId"] = f"api-{workspace.chance.uuid()}"
    original = stored.get("timestamp")
    original_at = parse_iso(original) if isinstance(original, str) else None
    sent = parse_iso(sent_at) if isinstance(sent_at, str) else None
    if original_at is None:
        original, original_at = iso_milliseconds(received_at), received_at
        sent = received_at
    corrected = received_at - (sent - original_at) if sent is not None else original_at
    return stored | {
        "context": stored["context"] if isinstance(stored.get("context"), dict) else {},
        "integrations": stored["integrations"] if isinstance(stored.get("integrations"), dict) else {},
        "receivedAt": iso_milliseconds(received_at),
        "sentAt": iso_milliseconds(sent if sent is not None else received_at),
        "originalTimestamp": original,
        "timestamp": _moment(corrected, received_at),
        "version": "1.1",
        "channel": "server",
    }


def _moment(moment: float, otherwise: float) -> str:
    try:
        return iso_milliseconds(moment)
    except (ValueError, OverflowError, OSError):
        return iso_milliseconds(otherwise)


Check = Callable[[Json], str | None]


def _ids(message: Json) -> str | None:
    present = [message[name] for name in ("userId", "anonymousId") if name in message]
    if not present:
        return "no_user_anon_id"
    return None if all(isinstance(value, str) and value for value in present) else "id_not_string"


def _members(message: Json) -> str | None:
    for name in ("properties", "traits"):
        if message.get(name) is not None and not isinstance(message[name], dict):
            return f"{name}_not_object"
    return None


def _event_name(message: Json) -> str | None:
    if message["type"] != "track":
        return None
    if message.get("event") in (None, ""):
        return "event_not_defined"
    return None if isinstance(message["event"], str) else "event_not_string"


def _page_name(message: Json) -> str | None:
    if message["type"] not in ("page", "screen"):
        return None
    for name in ("name", "category"):
        if message.get(name) is not None and not isinstance(message[name], str):
            return f"{name}_not_string"
    return None


#: In the order in which they are tried; the codes are those of Segment's Delivery Overview, "Failed on ingest".
_CHECKS: Final[tuple[Check, ...]] = (_ids, _members, _event_name, _page_name)


def _drop_reason(workspace: Workspace, source: Source, message: Json) -> str | None:
    if message.get("type") not in _TYPES or len(message["messageId"]) > MESSAGE_ID_LENGTH:
        return "bad_request"
    reason = next((found for check in _CHECKS if (found := check(message))), None)
    if reason is None and not source.enabled:
        reason = "source_disabled"
    if reason is not None:
        return reason
    key = (source.write_key, message["messageId"])
    seen_at = workspace.seen.get(key)
    workspace.seen[key] = workspace.now()
    # Segment has no code for it: the second of two messages with one id just never appears.
    return "duplicate" if seen_at is not None and workspace.now() - seen_at < DEDUPE_WINDOW else None


def document(event: Event) -> Json:
    """An event for the control API."""
    return {
        "id": event.id,
        "messageId": event.message["messageId"],
        "type": event.message.get("type"),
        "event": event.message.get("event"),
        "userId": event.message.get("userId"),
        "source": event.source,
        "receivedAt": iso_milliseconds(event.received_at),
        "state": "dropped" if event.reason else "received",
        "reason": event.reason,
        "trace": event.trace,
        "message": event.message,
    }
