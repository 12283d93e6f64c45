"""Segment's reports of its pipeline: where each event is, counts per step, and reasons for losses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, get_args

from tpmock.common.moments import iso, iso_milliseconds
from tpmock.core.json_text import readable, to_json
from tpmock.journal.journal import header_lines
from tpmock.outbound.sender import OutgoingRequest
from tpmock.segment import delivery, reasons
from tpmock.segment.counters import Count
from tpmock.segment.model import Delivery, Destination, Event, Json
from tpmock.segment.reasons import Step
from tpmock.segment.workspace import Workspace

#: Samples per reason in the Delivery Overview, and events in the source debugger.
SAMPLES: Final = 10
DEBUGGER: Final = 500

STEPS: Final[tuple[Step, ...]] = get_args(Step)
GRANULARITIES: Final = {"MINUTE": 1, "HOUR": 60, "DAY": 1440}
#: The steps that belong to a destination.
OF_DESTINATIONS: Final[frozenset[Step]] = frozenset(
    {"filtered-at-destination", "failed-delivery", "successful-delivery"}
)
#: Fields by which the counts of a step can be grouped, with their place in a row.
GROUPS: Final = {
    "discardReason": "reason",
    "eventName": "event_name",
    "eventType": "event_type",
    "appVersion": "app_version",
}


# --- one event ------------------------------------------------------------------------------------------------------


def pipeline(workspace: Workspace, event: Event) -> Json:
    """Return the steps of one event, to each destination."""
    dropped = None if event.reason is None else reasons.step_of(event.reason)
    ingest = _passage("ingest", event.reason if dropped == "failed-on-ingest" else None)
    source = _passage("source filters", event.reason if dropped == "filtered-at-source" else None)
    common = [_passage("received"), ingest, source] if dropped != "failed-on-ingest" else [_passage("received"), ingest]
    ways: list[Json] = [
        {"destination": one.destination.name, "replay": one.replay, "steps": [*common, *_passages(one)]}
        for one in _deliveries_of(workspace, event)
    ]
    return {
        "messageId": event.message["messageId"],
        "receivedAt": iso_milliseconds(event.received_at),
        "trace": event.trace,
        "ways": ways or [{"destination": None, "replay": False, "steps": common}],
        "answer": _answer(event, ways),
    }


def _deliveries_of(workspace: Workspace, event: Event) -> Iterator[Delivery]:
    message_id = event.message["messageId"]
    for one in workspace.deliveries.values():
        # A replay is a separate event with the same message.
        if one.event is event or (one.replay and one.event.message["messageId"] == message_id and not event.reason):
            yield one


def _passages(one: Delivery) -> list[Json]:
    reason = one.reason
    if one.state == "filtered":
        # It may be canceled although it has been attempted.
        tried = [_passage("delivery") | {"state": "awaiting-retry"}] if one.attempts else []
        return [*tried, _passage("destination filters", reason)]
    arrival = {"step": "delivery", "state": one.state, "reason": reason, "explanation": delivery.explanation(one)}
    return [_passage("destination filters"), arrival]


def _passage(step: str, reason: str | None = None) -> Json:
    explanation = None if reason is None else reasons.sentence(reason)
    return {"step": step, "state": "stopped" if reason else "passed", "reason": reason, "explanation": explanation}


def _answer(event: Event, ways: Sequence[Json]) -> str:
    """Return a sentence that says why something was sent or not."""
    if event.reason is not None:
        return f"Nothing was sent. {reasons.sentence(event.reason)}"
    if not ways:
        return "Nothing was sent: no destination is connected."
    ends = [_ending(way["steps"][-1]) for way in ways]
    if len(ends) == 1:
        return ends[0]
    return " ".join(f"{way['destination']}: {end}" for way, end in zip(ways, ends, strict=True))


def _ending(step: Json) -> str:
    if step["state"] == "delivered":
        return "It was delivered."
    explained: str = step["explanation"] or "It is on its way."
    return explained if step["step"] == "delivery" else f"Nothing was sent. {explained}"


# --- counts ---------------------------------------------------------------------------------------------------------


def counts(workspace: Workspace, destination: str | None = None) -> dict[Step, int]:
    """Return the counts of events per step since the sandbox was created.

    :param destination: counts only its events, at the steps that belong to a destination
    """
    found: dict[Step, int] = {
        step: workspace.counters.total(step, destination=destination if step in OF_DESTINATIONS else None)
        for step in STEPS
    }
    found["pending"] = sum(
        1 for one in workspace.under_way.values() if not one.replay and destination in (None, one.destination.name)
    )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFilter:
    """A query for counts of an overview.

    :param start: seconds since 1970, like ``end``; the minutes of both are included
    :param groups: keys of :data:`GROUPS`; one row for each combination that occurs
    :param granularity: a key of :data:`GRANULARITIES`
    """

    step: Step
    start: float
    end: float
    source: str | None = None
    destination: str | None = None
    groups: tuple[str, ...] = ()
    granularity: str = "HOUR"


def overview(workspace: Workspace, wanted: CountFilter) -> Json:
    """Return the counts of one step, in the form of the Public API's overview: a total and a series for each group."""
    members = [GROUPS[name] for name in wanted.groups]
    groups: dict[tuple[str | None, ...], list[Count]] = {}
    for row in _rows(workspace, wanted):
        groups.setdefault(tuple(getattr(row, member) for member in members), []).append(row)
    if not groups and not members:
        groups[()] = []
    dataset = [_set(wanted, key, rows) for key, rows in groups.items()]
    return {"total": sum(part["total"] for part in dataset), "dataset": dataset}


def _rows(workspace: Workspace, wanted: CountFilter) -> Iterator[Count]:
    first, last = int(wanted.start // 60), int(wanted.end // 60)
    for row in workspace.counters.rows():
        if (
            row.step == wanted.step
            and first <= row.minute <= last
            and wanted.source in (None, row.source)
            and wanted.destination in (None, row.destination)
        ):
            yield row


def _set(wanted: CountFilter, key: tuple[str | None, ...], rows: Iterable[Count]) -> Json:
    width = GRANULARITIES[wanted.granularity]
    series: dict[int, tuple[int, int]] = {}
    for row in rows:
        count, retried = series.get(row.minute // width, (0, 0))
        series[row.minute // width] = count + row.total, retried + row.retried
    return {
        **dict(zip(wanted.groups, key, strict=True)),
        "total": sum(count for count, _ in series.values()),
        "totalRetryCount": sum(retried for _, retried in series.values()),
        "series": [
            {"time": iso(number * width * 60), "count": count, "retryCount": retried}
            for number, (count, retried) in sorted(series.items())
        ],
    }


def discards(workspace: Workspace, wanted: CountFilter) -> list[Json]:
    """Return the table of a step: each reason with its sentence, its count, and sample events."""
    totals: Counter[str] = Counter()
    for row in _rows(workspace, wanted):
        if row.reason is not None:
            totals[row.reason] += row.total
    return [
        {
            "discardReason": reason,
            "explanation": reasons.sentence(reasons.discarded(reason) if wanted.step == "failed-delivery" else reason),
            "total": total,
            "samples": [each["messageId"] for each in _struck(workspace, wanted, reason)],
        }
        for reason, total in totals.most_common()
    ]


def _struck(workspace: Workspace, wanted: CountFilter, reason: str) -> list[Json]:
    if wanted.step in ("failed-on-ingest", "filtered-at-source"):
        events = [event for event in workspace.events.values() if event.reason == reason]
    else:
        events = [
            one.event
            for one in workspace.deliveries.values()
            if one.state in ("filtered", "discarded")
            and reasons.bare(one.reason or "") == reason
            and wanted.destination in (None, one.destination.name)
        ]
    return [event.message for event in events[-SAMPLES:]]


# --- event delivery -------------------------------------------------------------------------------------------------


def event_delivery(workspace: Workspace, destination: Destination, since: float) -> Json:
    """Return the tab of a destination: counts, latency, and each error with three sample payloads.

    :param since: seconds since 1970
    """
    recent = [
        one
        for one in workspace.deliveries.values()
        if one.destination.name == destination.name and one.started_at >= since and not one.replay
    ]
    delivered = [one for one in recent if one.state == "delivered"]
    errors: dict[str, list[Delivery]] = {}
    for one in recent:
        if one.reason is not None and one.state in ("discarded", "awaiting-retry"):
            errors.setdefault(one.reason, []).append(one)
    return {
        "destination": destination.name,
        "delivered": len(delivered),
        "notDelivered": sum(1 for one in recent if one.state == "discarded"),
        "p95LatencyMilliseconds": _percentile([_latency(one) for one in delivered], 0.95),
        "errors": [
            {
                "code": code,
                "count": len(struck),
                "description": _description(struck[-1]),
                "moreInfo": reasons.sentence(code),
                "samples": samples(workspace, struck[-1]),
            }
            for code, struck in sorted(errors.items(), key=lambda item: -len(item[1]))
        ],
    }


def _latency(one: Delivery) -> float:
    last = one.attempts[-1]
    return (last.at - one.event.received_at) * 1000 + last.milliseconds


def _percentile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    return round(sorted(values)[math.ceil(len(values) * share) - 1], 3)


def _description(one: Delivery) -> str:
    """Describe an error with the destination's own message, if it has one."""
    said = next((attempt.message for attempt in reversed(one.attempts) if attempt.message), None)
    return said or reasons.sentence(one.reason or "")


def samples(workspace: Workspace, one: Delivery) -> Json:
    """Return the event, the request to the destination and its answer."""
    last = one.attempts[-1]
    requests = delivery.requests(workspace, one.outgoing, one.destination)
    request = next((request for request in requests if request.url == last.url), requests[0] if requests else None)
    return {
        "youSent": one.event.message,
        "requestToDestination": None if request is None else request_document(workspace, request),
        "responseFromDestination": {"status": last.status, "error": last.error, "body": readable(last.answer)},
    }


def request_document(workspace: Workspace, request: OutgoingRequest) -> Json:
    """Return a request without secrets."""
    masks = workspace.outbound.masks
    return {
        "method": "POST",
        "url": masks.url(request.url),
        "headers": dict(header_lines(masks.headers(request.headers.items()))),
        "body": readable(masks.content(request.body).decode()),
    }


# --- debugger -------------------------------------------------------------------------------------------------------


def debugger(workspace: Workspace, source: str | None, search: str | None, limit: int) -> list[Event]:
    """Return the newest events of a source, as its debugger lists them: at most 500, without suppressed users.

    :param search: text that the payload must contain
    """
    found = (
        event
        for event in reversed(workspace.events.values())
        if event.reason != "suppressed"
        and source in (None, event.source)
        and (search is None or search.lower() in to_json(event.message).decode().lower())
    )
    return list(islice(found, min(limit, DEBUGGER)))
