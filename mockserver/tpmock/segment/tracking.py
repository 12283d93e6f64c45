"""The Tracking API: it answers 200 even for a message that it will drop, and stores the reason (HTTP Tracking API)."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tpmock.common.moments import iso_milliseconds
from tpmock.core import hints, reference_data
from tpmock.core.api_rules import Sender
from tpmock.core.basic_auth import basic
from tpmock.core.json_text import members, nests_deeper
from tpmock.core.problems import Problem
from tpmock.core.responses import Answer, Binary, Bindings, Joined
from tpmock.segment import correlation, delivery, ingest_checks, messages, oauth
from tpmock.segment.messages import TYPES, Arrival
from tpmock.segment.model import Event, Json, Source
from tpmock.segment.reasons import Step, step_of
from tpmock.segment.workspace import Workspace

bindings = Bindings()

#: Maximum size of one event, and of a batch (HTTP Tracking API, limits).
EVENT_BYTES: Final = 32 * 1024
BATCH_EVENTS: Final = 2_500
#: Real write keys have 32 characters; one report of 2026 shows 400 for one of six (GO-205). The limit is assumed.
SHORTEST_WRITE_KEY: Final = 8
#: Requests per second and workspace that Segment advises not to exceed.
RATE: Final = 1_000

_ACCEPTED: Final = {"success": True}
#: Seconds in ``Retry-After``.
_SOON: Final = {"Retry-After": "1", "X-RateLimit-Reset": "1"}
#: By operation: the type of the message, and whether it is client-side (a browser or a device uses the short paths).
_SINGLE: Final[Mapping[str, tuple[str, bool]]] = {kind: (kind, False) for kind in TYPES} | {
    f"{kind}Short": (kind, True) for kind in TYPES
}
_PIXELS: Final[Mapping[str, str]] = {f"{kind}Pixel": kind for kind in TYPES}
#: The operations that accept events.
TAKING_IN: Final = (*_SINGLE, *_PIXELS, "batch", "batchShort", "importBatch")
#: A transparent pixel.
_GIF: Final = Binary("image/gif", base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"))


@bindings.handles(*_SINGLE)
def receive(workspace: Workspace, operation: str, sender: Sender, body: Json, size: int) -> Answer:
    """Accept one message, its type given by the path."""
    _admit(workspace, sender.bearer)
    if size > EVENT_BYTES:
        raise Problem("too-large", hint=hints.EVENT_TOO_LARGE.format(size=size, limit=EVENT_BYTES))
    kind, client_side = _SINGLE[operation]
    source, why_not = _source(workspace, sender.key, sender)
    if source is None:
        return _lost(workspace, "project_not_found", {**body, "type": kind}, why_not)
    event = take_in(
        workspace, source, {**body, "type": kind}, Arrival(workspace.now(), body, client_side, sender.address)
    )
    return Answer(200, _ACCEPTED, hint=_event_hint(event, body), joined=_joined([event]))


def _event_hint(event: Event, message: Any) -> str | None:
    """Return why an event was dropped, else which of its fields is not readable."""
    given = messages.unreadable_timestamp(message) if isinstance(message, dict) else None
    if event.reason is None and given is not None:
        return hints.TIMESTAMP_UNREADABLE.format(given=given)
    return hints.dropped(event.reason)


@bindings.handles("batch", "batchShort", "importBatch")
def receive_batch(workspace: Workspace, operation: str, sender: Sender, body: Json, size: int) -> Answer:
    """Accept several messages, each merged with the batch's context. An invalid one is dropped alone."""
    _admit(workspace, sender.bearer)
    items = body.get("batch")
    if not isinstance(items, list) or not items:
        _source(workspace, sender.key, sender)
        return _lost(workspace, "empty_batch", body, hints.dropped("empty_batch"))
    if size > EVENT_BYTES:
        largest = max(len(json.dumps(item)) for item in items)
        if largest > EVENT_BYTES:
            raise Problem("too-large", hint=hints.EVENT_TOO_LARGE.format(size=largest, limit=EVENT_BYTES))
    # A single impossible key refuses the batch before any of it is stored.
    sources = {key: _source(workspace, key, sender) for key in {_own_key(item) or sender.key for item in items}}
    arrival = Arrival(workspace.now(), body, operation == "batchShort", sender.address)
    taken: list[Event] = []
    reasons: list[str] = []
    lost: dict[str, list[Any]] = {}
    for number, item in enumerate(items):
        source, why_not = sources[_own_key(item) or sender.key]
        if source is None:
            reasons.append("project_not_found")
            lost.setdefault(reasons[-1], []).append(item)
        elif number < BATCH_EVENTS and isinstance(item, dict):
            taken.append(take_in(workspace, source, messages.merged(body, item), arrival))
            reasons += filter(None, [taken[-1].reason])
        else:
            reasons.append("bad_request" if number < BATCH_EVENTS else "batch_too_long")
            # Invalid items are counted too.
            workspace.counters.add(workspace.now(), "failed-on-ingest", source.name, item, reason=reasons[-1])
            lost.setdefault(reasons[-1], []).append(item)
    hint = str(why_not) if set(reasons) == {"project_not_found"} and not taken else _batch_hint(len(items), reasons)
    hint = hint or next(filter(None, map(_event_hint, taken, items)), None)
    return Answer(200, _ACCEPTED, hint=hint, joined=(*_joined(taken), *correlation.lost(workspace, lost)))


def _batch_hint(count: int, reasons: Sequence[str]) -> str | None:
    if count > BATCH_EVENTS:
        return hints.SURPLUS.format(count=count - BATCH_EVENTS)
    if not reasons:
        return None
    code = "empty_batch_result" if len(reasons) == count else "multi_user_error"
    told = ", ".join(sorted(set(reasons)))
    return hints.BATCH_DROPPED.format(dropped=len(reasons), count=count, code=code, reasons=told)


@bindings.handles(*_PIXELS)
def receive_pixel(
    workspace: Workspace, operation: str, sender: Sender, filters: dict[str, str], data: str | None
) -> Answer:
    """Accept a message in an image's query. The answer is always the image (Pixel Tracking API)."""
    message = pixel_message(data) if data else _unfolded(filters)
    if message is None:
        return _lost(workspace, "bad_request", None, hints.PIXEL_UNREADABLE, _GIF)
    whole = {**message, "type": _PIXELS[operation]}
    source = workspace.by_write_key.get(sender.key)
    if source is None:
        return _lost(workspace, "project_not_found", whole, hints.WRITE_KEY_UNKNOWN, _GIF)
    arrival = Arrival(workspace.now(), message, client_side=True, address=sender.address)
    event = take_in(workspace, source, whole, arrival)
    return Answer(200, _GIF, hint=hints.dropped(event.reason), joined=_joined([event]))


def _lost(workspace: Workspace, reason: str, message: Any, hint: str | None, body: Any = _ACCEPTED) -> Answer:
    """Answer a call that never becomes an event, but has a trace."""
    return Answer(200, body, hint=hint, joined=correlation.lost(workspace, {reason: [message]}))


def pixel_message(data: str) -> Json | None:
    """Return the message in base64 from an image's address; None without one."""
    text = data.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        message = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and not nests_deeper(message) else None


def write_key(authorization: str, query: Mapping[str, str], body: Any) -> str:
    """Return the Basic user name, else ``writeKey`` of the body, of the query, or of the first item of a batch."""
    if not authorization[:7].lower().startswith("bearer") and (key := basic(authorization).user):
        return key
    if not isinstance(body, dict):
        data = query.get("data", "")
        body = (pixel_message(data) if data else None) or {}
    items = body.get("batch")
    candidates = [body.get("writeKey"), query.get("writeKey")]
    if isinstance(items, list) and items and isinstance(items[0], dict):
        candidates.append(items[0].get("writeKey"))
    return next((key for key in candidates if isinstance(key, str) and key), "")


def _unfolded(flat: Mapping[str, str]) -> Json:
    """Return ``properties.subject=..`` as a member of ``properties``."""
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
    """Accept metrics of the browser SDK, and ignore them."""
    return Answer(200, _ACCEPTED)


def _admit(workspace: Workspace, bearer: str | None) -> None:
    """Check a call before it is accepted: its rate, and its token if it has one.

    :raises Problem: when it is refused
    """
    if workspace.variants["ingest_rate"] == "enforced":
        second, calls = int(workspace.now()), 1
        if workspace.rate[0] == second:
            calls += workspace.rate[1]
        workspace.rate = (second, calls)
        if calls > RATE:
            raise Problem("too-many-requests", hint=hints.INGEST_RATE_EXCEEDED.format(most=RATE), headers=_SOON)
    if bearer is not None:
        oauth.check(workspace, bearer, oauth.TRACKING_SCOPE)


def _source(workspace: Workspace, write_key: str, sender: Sender) -> tuple[Source | None, str | None]:
    """Return the source of a write key, or why it has none: Segment's edge does not check keys, so this is no error.

    :raises Problem: when it is not a possible key, or by the variants
    """
    if not write_key:
        raise Problem("impossible-write-key", hint=hints.WRITE_KEY_MISSING)
    if len(write_key) < SHORTEST_WRITE_KEY and workspace.variants["short_write_key"] == "refused":
        raise Problem("impossible-write-key", hint=hints.WRITE_KEY_SHORT.format(length=len(write_key)))
    european = ".eu1." in sender.host
    if european and workspace.variants["workspace_region"] == "us":
        raise Problem("wrong-region", hint=hints.WRONG_REGION_REFUSED)
    source = workspace.by_write_key.get(write_key)
    if source is None:
        if workspace.variants["unknown_write_key"] == "refused":
            raise Problem("unknown-write-key", hint=hints.WRITE_KEY_REFUSED)
        return None, hints.WRITE_KEY_UNKNOWN
    if sender.host == "api.segment.io" and workspace.variants["workspace_region"] == "eu":
        return None, hints.WRONG_REGION_DROPPED
    if source.oauth_required and sender.bearer is None:
        raise Problem("invalid-token", hint=hints.OAUTH_TOKEN_REQUIRED)
    return source, None


def _own_key(message: Any) -> str:
    own = message.get("writeKey") if isinstance(message, dict) else None
    return own if isinstance(own, str) else ""


def _joined(events: Iterable[Event]) -> tuple[Joined, ...]:
    """Return the traces of some events, each once: a batch belongs to all of its orders."""
    by_trace = {event.trace: Joined(event.trace, event.join) for event in reversed(list(events))}
    return tuple(reversed(by_trace.values()))


def take_in(workspace: Workspace, source: Source, message: Json, arrival: Arrival) -> Event:
    """Store one message, or record why it is dropped; deliver a valid one to the destinations."""
    stored = messages.stored(workspace, source, message, arrival)
    trace, join = correlation.of(workspace, stored)
    event = Event(
        id=workspace.next_id(),
        message=stored,
        source=source.name,
        received_at=arrival.received_at,
        trace=trace,
        reason=ingest_checks.drop_reason(workspace, source, stored),
        join=join,
    )
    workspace.events[event.id] = event
    step: Step = "successfully-received" if event.reason is None else step_of(event.reason)
    workspace.counters.add(event.received_at, step, source.name, stored, reason=event.reason)
    if messages.unreadable_timestamp(message) is not None:
        workspace.traces.note(trace, "timestamp-unreadable", join)
    what = "event-received" if event.reason is None else "event-dropped"
    workspace.traces.note(trace, what, join, *correlation.described(stored), event.reason)
    workspace.audiences.observe(event)
    if event.reason is None:
        delivery.dispatch(workspace, event)
    return event


def trial(workspace: Workspace, message: Json) -> Event:
    """Return a message as it would be stored, and the reason when it would be dropped, without storing it."""
    source = next(iter(workspace.sources.values()), Source(id="", name="", slug="", write_keys=[], enabled=True))
    stored = messages.stored(workspace, source, message, Arrival(workspace.now(), message))
    trace = workspace.traces.begin(f"messageId:{stored['messageId']}")
    return Event(0, stored, "", workspace.now(), trace, ingest_checks.flaw(stored))


def document(event: Event) -> Json:
    """Return an event for the control API."""
    return {
        **members(event, "id", "source", "received_at", "reason", "trace", "message", moment=iso_milliseconds),
        **{name: event.message.get(name) for name in ("messageId", "type", "event", "userId")},
        "state": state(event),
    }


def state(event: Event) -> str:
    """Return ``dropped`` or ``received``."""
    return "dropped" if event.reason else "received"


@bindings.handles("getSourceSettings")
def get_source_settings(workspace: Workspace, write_key: str, api_url: str) -> Json:
    """Return the settings of a source. They point the SDK to this mock: the real CDN names api.segment.io there."""
    if write_key not in workspace.by_write_key:
        # Write keys in pages are public.
        key, source = next(((key, one.name) for key, one in workspace.by_write_key.items()), ("none", "a source"))
        raise Problem("unknown-source", hint=hints.SETTINGS_UNKNOWN.format(key=key, source=source))
    protocol, _, host = api_url.partition("://")
    settings: Json = copy.deepcopy(reference_data.read("segment-settings"))
    settings["integrations"]["Segment.io"] |= {"apiKey": write_key, "apiHost": f"{host}/v1", "protocol": protocol}
    return settings
