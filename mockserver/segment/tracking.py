"""What Segment takes in: it answers 200 even for what it will drop, and keeps the reason (HTTP Tracking API)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Binary, Bindings, Joined
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.segment import causes, checks, delivery, messages, oauth, sentences
from mockserver.segment.messages import TYPES, Arrival
from mockserver.segment.model import Event, Json, Source
from mockserver.segment.reasons import Step, step_of
from mockserver.segment.workspace import Workspace
from mockserver.wire import nests_deeper

bindings = Bindings()

#: One event, events in a batch (HTTP Tracking API, limits).
EVENT_BYTES: Final = 32 * 1024
BATCH_EVENTS: Final = 2_500
#: Real write keys have 32 characters; one report shows 400 for an odd short one, with no limit named. Assumed.
SHORTEST_WRITE_KEY: Final = 8
#: Requests per second and workspace that Segment advises not to exceed.
RATE: Final = 1_000

_ACCEPTED: Final = {"success": True}
#: When to come again, in seconds.
_SOON: Final = {"Retry-After": "1", "X-RateLimit-Reset": "1"}
#: By operation: the type of the message, and whether it comes from a browser or a device, which use the short paths.
_SINGLE: Final[Mapping[str, tuple[str, bool]]] = {kind: (kind, False) for kind in TYPES} | {
    f"{kind}Short": (kind, True) for kind in TYPES
}
_PIXELS: Final[Mapping[str, str]] = {f"{kind}Pixel": kind for kind in TYPES}
#: One transparent pixel.
_GIF: Final = Binary("image/gif", base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"))


@bindings.handles(*_SINGLE)
def receive(
    workspace: Workspace,
    operation: str,
    source_key: str,
    body: Json,
    size: int,
    bearer: str | None,
    host: str,
    address: str,
) -> Answer:
    """One message, its type given by the path."""
    _admit(workspace, bearer)
    if size > EVENT_BYTES:
        raise Problem("too-large", hint=hints.event_too_large(size, EVENT_BYTES))
    kind, client_side = _SINGLE[operation]
    source, why_not = _source(workspace, source_key, host, bearer)
    if source is None:
        joined = causes.lost(workspace, {"project_not_found": [{**body, "type": kind}]})
        return Answer(200, _ACCEPTED, hint=why_not, joined=joined)
    event = take_in(workspace, source, {**body, "type": kind}, Arrival(workspace.now(), body, client_side, address))
    return Answer(200, _ACCEPTED, hint=hints.dropped(event.reason), joined=_joined([event]))


@bindings.handles("batch", "batchShort", "importBatch")
def receive_batch(
    workspace: Workspace,
    operation: str,
    source_key: str,
    body: Json,
    size: int,
    bearer: str | None,
    host: str,
    address: str,
) -> Answer:
    """Several messages; the context and integrations around them are merged into each. What is bad is dropped alone."""
    _admit(workspace, bearer)
    items = body.get("batch")
    if not isinstance(items, list) or not items:
        _source(workspace, source_key, host, bearer)
        joined = causes.lost(workspace, {"empty_batch": [body]})
        return Answer(200, _ACCEPTED, hint=hints.dropped("empty_batch"), joined=joined)
    if size > EVENT_BYTES:
        largest = max(len(json.dumps(item)) for item in items)
        if largest > EVENT_BYTES:
            raise Problem("too-large", hint=hints.event_too_large(largest, EVENT_BYTES))
    # Whoever sends one impossible key is refused before anything of the batch is stored.
    sources = {key: _source(workspace, key, host, bearer) for key in {_own_key(item) or source_key for item in items}}
    arrival = Arrival(workspace.now(), body, operation == "batchShort", address)
    taken: list[Event] = []
    reasons: list[str] = []
    lost: dict[str, list[Any]] = {}
    for number, item in enumerate(items):
        source, why_not = sources[_own_key(item) or source_key]
        if source is None:
            reasons.append("project_not_found")
            lost.setdefault(reasons[-1], []).append(item)
        elif number < BATCH_EVENTS and isinstance(item, dict):
            taken.append(take_in(workspace, source, messages.merged(body, item), arrival))
            reasons += filter(None, [taken[-1].reason])
        else:
            reasons.append("bad_request" if number < BATCH_EVENTS else "batch_too_long")
            _count_lost(workspace, source, item, reasons[-1])
            lost.setdefault(reasons[-1], []).append(item)
    hint = str(why_not) if set(reasons) == {"project_not_found"} and not taken else _batch_hint(len(items), reasons)
    return Answer(200, _ACCEPTED, hint=hint, joined=(*_joined(taken), *causes.lost(workspace, lost)))


def _batch_hint(count: int, reasons: Sequence[str]) -> str | None:
    if count > BATCH_EVENTS:
        return hints.surplus(count - BATCH_EVENTS)
    return sentences.batch_dropped(count, reasons)


@bindings.handles(*_PIXELS)
def receive_pixel(
    workspace: Workspace, operation: str, source_key: str, filters: dict[str, str], data: str | None, address: str
) -> Answer:
    """A message in the query of an image's address. The image comes back whatever was wrong (Pixel Tracking API)."""
    message = pixel_message(data) if data else _unfolded(filters)
    if message is None:
        joined = causes.lost(workspace, {"bad_request": [None]})
        return Answer(200, _GIF, hint=sentences.PIXEL_UNREADABLE, joined=joined)
    source = workspace.by_write_key.get(source_key)
    if source is None:
        joined = causes.lost(workspace, {"project_not_found": [{**message, "type": _PIXELS[operation]}]})
        return Answer(200, _GIF, hint=hints.WRITE_KEY_UNKNOWN, joined=joined)
    arrival = Arrival(workspace.now(), message, client_side=True, address=address)
    event = take_in(workspace, source, {**message, "type": _PIXELS[operation]}, arrival)
    return Answer(200, _GIF, hint=hints.dropped(event.reason), joined=_joined([event]))


def pixel_message(data: str) -> Json | None:
    """The message that an image's address carries in base64; None when there is none in it."""
    text = data.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        message = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and not nests_deeper(message) else None


def _unfolded(flat: Mapping[str, str]) -> Json:
    """``properties.subject=..`` as a member of ``properties``."""
    message: Json = {}
    for name, value in flat.items():
        *parents, last = name.split(".")
        holder = message
        for parent in parents:
            inner = holder.setdefault(parent, {})
            if not isinstance(inner, dict):
                break
            holder = inner
        else:
            holder[last] = value
    return message


@bindings.handles("sendMetrics")
def receive_metrics(workspace: Workspace, body: Json) -> Answer:  # noqa: ARG001 - the workspace keeps none of it
    """What the browser SDK tells of itself; taken, and of no consequence."""
    return Answer(200, _ACCEPTED)


def _admit(workspace: Workspace, bearer: str | None) -> None:
    """Whether a call is taken at all: not too many of them, and no token that is none.

    :raises Problem: when it is refused
    """
    if workspace.variants["ingest_rate"] == "enforced":
        second, calls = int(workspace.now()), 1
        if workspace.rate[0] == second:
            calls += workspace.rate[1]
        workspace.rate = (second, calls)
        if calls > RATE:
            raise Problem("too-many-requests", hint=sentences.rate_exceeded(RATE), headers=_SOON)
    if not delivery.has_room(workspace):
        raise Problem("too-many-requests", hint=hints.no_room(delivery.ROOM), headers=_SOON)
    if bearer is not None:
        oauth.check(workspace, bearer, oauth.TRACKING_SCOPE)


def _source(workspace: Workspace, write_key: str, host: str, bearer: str | None) -> tuple[Source | None, str | None]:
    """The source of a write key, or why there is none: the edge does not look it up, so that is no error there.

    :raises Problem: when it cannot be a key at all, or by the variants
    """
    if len(write_key) < SHORTEST_WRITE_KEY:
        raise Problem("impossible-write-key", hint=hints.WRITE_KEY_MISSING)
    european = ".eu1." in host
    if european and workspace.variants["workspace_region"] == "us":
        raise Problem("wrong-region", hint=sentences.WRONG_REGION_REFUSED)
    source = workspace.by_write_key.get(write_key)
    if source is None:
        if workspace.variants["unknown_write_key"] == "refused":
            raise Problem("unknown-write-key", hint=sentences.WRITE_KEY_REFUSED)
        return None, hints.WRITE_KEY_UNKNOWN
    if host == "api.segment.io" and workspace.variants["workspace_region"] == "eu":
        return None, sentences.WRONG_REGION_DROPPED
    if source.oauth_required and bearer is None:
        raise Problem("invalid-token", hint=sentences.TOKEN_REQUIRED)
    return source, None


def _own_key(message: Any) -> str:
    own = message.get("writeKey") if isinstance(message, dict) else None
    return own if isinstance(own, str) else ""


def _joined(events: Iterable[Event]) -> tuple[Joined, ...]:
    """The traces of some events, each once: a batch belongs to all of its orders."""
    by_trace = {event.trace: Joined(event.trace, event.join) for event in reversed(list(events))}
    return tuple(reversed(by_trace.values()))


def take_in(workspace: Workspace, source: Source, message: Json, arrival: Arrival) -> Event:
    """Store one message, or note why it is dropped, and let what is good go on to the destinations."""
    stored = messages.stored(workspace, source, message, arrival)
    trace, join = causes.of(workspace, stored)
    event = Event(
        id=workspace.next_id(),
        message=stored,
        source=source.name,
        received_at=arrival.received_at,
        trace=trace,
        reason=checks.drop_reason(workspace, source, stored),
        join=join,
    )
    workspace.events[event.id] = event
    step: Step = "successfully-received" if event.reason is None else step_of(event.reason)
    workspace.tally.add(event.received_at, step, source.name, stored, reason=event.reason)
    what = "event-received" if event.reason is None else "event-dropped"
    workspace.traces.note(trace, what, join, *causes.described(stored), event.reason)
    if event.reason is None:
        delivery.dispatch(workspace, event)
    return event


def _count_lost(workspace: Workspace, source: Source, message: Any, reason: str) -> None:
    """What is no event and yet came must be accounted for."""
    workspace.tally.add(workspace.now(), "failed-on-ingest", source.name, message, reason=reason)


def trial(workspace: Workspace, message: Json) -> Event:
    """A message as it would be stored, and the reason when it would be dropped; nothing is kept of it."""
    source = next(iter(workspace.sources.values()), Source(id="", name="", slug="", write_keys=[], enabled=True))
    stored = messages.stored(workspace, source, message, Arrival(workspace.now(), message))
    trace = workspace.traces.begin(f"messageId:{stored['messageId']}")
    return Event(0, stored, "", workspace.now(), trace, checks.flaw(stored))


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
