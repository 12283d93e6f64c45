"""What Segment shows of its pipeline: where each event is, how many reached which step, and why others did not."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from mockserver.clock import iso, iso_milliseconds
from mockserver.journal import header_lines
from mockserver.outbound import Letter
from mockserver.segment import delivery, reasons
from mockserver.segment.model import Delivery, Destination, Event, Json
from mockserver.segment.reasons import Step
from mockserver.segment.tally import Count
from mockserver.segment.workspace import Workspace
from mockserver.wire import to_json

#: Samples beside a reason in the Delivery Overview, and events in the source debugger.
SAMPLES: Final = 10
DEBUGGER: Final = 500

STEPS: Final[tuple[Step, ...]] = get_args(Step)
GRANULARITIES: Final = {"MINUTE": 1, "HOUR": 60, "DAY": 1440}
#: The steps at which an event is one of a certain destination.
OF_DESTINATIONS: Final[frozenset[Step]] = frozenset(
    {"filtered-at-destination", "failed-delivery", "successful-delivery"}
)
#: By what the counts of a step can be told apart, and where that stands in a row.
GROUPS: Final = {
    "discardReason": "reason",
    "eventName": "event_name",
    "eventType": "event_type",
    "appVersion": "app_version",
}


# --- one event ------------------------------------------------------------------------------------------------------


def pipeline(workspace: Workspace, event: Event) -> Json:
    """The way of one event, step by step, to each destination."""
    dropped = None if event.reason is None else reasons.step_of(event.reason)
    ingest = _passage("ingest", event.reason if dropped == "failed-on-ingest" else None)
    source = _passage("source filters", event.reason if dropped == "filtered-at-source" else None)
    common = [_passed("received"), ingest, source] if dropped != "failed-on-ingest" else [_passed("received"), ingest]
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
    for one in ({**workspace.under_way, **workspace.deliveries}).values():
        # A replay is an event of its own with the same message.
        if one.event is event or (one.replay and one.event.message["messageId"] == message_id and not event.reason):
            yield one


def _passages(one: Delivery) -> list[Json]:
    reason = one.reason
    if one.state == "filtered":
        return [*_tried(one), _passage("destination filters", reason)]
    arrival = {"step": "delivery", "state": one.state, "reason": reason, "explanation": delivery.explanation(one)}
    return [_passed("destination filters"), arrival]


def _tried(one: Delivery) -> list[Json]:
    """One that is taken back although it has been tried."""
    last = one.attempts[-1] if one.attempts else None
    return [] if last is None else [{**_passed("delivery"), "state": "awaiting-retry"}]


def _passed(step: str) -> Json:
    return _passage(step, None)


def _passage(step: str, reason: str | None) -> Json:
    stopped = reason is not None
    return {
        "step": step,
        "state": "stopped" if stopped else "passed",
        "reason": reason,
        "explanation": reasons.sentence(reason) if reason is not None else None,
    }


def _answer(event: Event, ways: Sequence[Json]) -> str:
    """In plain words, why something was sent or not."""
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
    """How many events reached which step since the sandbox began.

    :param destination: counts only what concerns it, at the steps that belong to one
    """
    found: dict[Step, int] = {}
    for step in STEPS:
        own = destination if step in OF_DESTINATIONS else None
        found[step] = workspace.tally.total(step, destination=own)
    found["pending"] = sum(
        1 for one in workspace.under_way.values() if not one.replay and destination in (None, one.destination.name)
    )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which counts an overview is to show.

    :param start: seconds since 1970, and ``end`` likewise; what happened in their minutes is inside
    :param groups: keys of :data:`GROUPS`; a row for each combination that occurs
    :param granularity: a key of :data:`GRANULARITIES`
    """

    step: Step
    start: float
    end: float
    source: str | None = None
    destination: str | None = None
    groups: tuple[str, ...] = ()
    granularity: str = "HOUR"


def overview(workspace: Workspace, wanted: Wanted) -> Json:
    """The counts of one step, as the Public API's delivery overview has them: a total and a series for each group."""
    members = [GROUPS[name] for name in wanted.groups]
    groups: dict[tuple[str | None, ...], list[Count]] = {}
    for row in _rows(workspace, wanted):
        groups.setdefault(tuple(getattr(row, member) for member in members), []).append(row)
    if not groups and not members:
        groups[()] = []
    dataset = [_set(wanted, key, rows) for key, rows in groups.items()]
    return {"total": sum(part["total"] for part in dataset), "dataset": dataset}


def _rows(workspace: Workspace, wanted: Wanted) -> Iterator[Count]:
    first, last = int(wanted.start // 60), int(wanted.end // 60)
    for row in workspace.tally.rows():
        if (
            row.step == wanted.step
            and first <= row.minute <= last
            and wanted.source in (None, row.source)
            and wanted.destination in (None, row.destination)
        ):
            yield row


def _set(wanted: Wanted, key: tuple[str | None, ...], rows: Iterable[Count]) -> Json:
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


def discards(workspace: Workspace, wanted: Wanted) -> list[Json]:
    """The table beside a step: each reason with its sentence, how often, and samples of the events it struck."""
    totals: dict[str, int] = {}
    for row in _rows(workspace, wanted):
        if row.reason is not None:
            totals[row.reason] = totals.get(row.reason, 0) + row.total
    return [
        {
            "discardReason": reason,
            "explanation": _explained(wanted.step, reason),
            "total": total,
            "samples": [each["messageId"] for each in _struck(workspace, wanted, reason)],
        }
        for reason, total in sorted(totals.items(), key=lambda item: -item[1])
    ]


def _explained(step: Step, reason: str) -> str:
    return reasons.sentence(reasons.discarded(reason) if step == "failed-delivery" else reason)


def _struck(workspace: Workspace, wanted: Wanted, reason: str) -> list[Json]:
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
    """The tab of a destination: delivered or not, how long it took, and each error with three sample payloads.

    :param since: seconds since 1970
    """
    recent = [
        one
        for one in ({**workspace.under_way, **workspace.deliveries}).values()
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
    """Made of what the destination said, as far as it said anything."""
    said = next((attempt.message for attempt in reversed(one.attempts) if attempt.message), None)
    return said or reasons.sentence(one.reason or "")


def samples(workspace: Workspace, one: Delivery) -> Json:
    """What was sent, what went to the destination, what it answered."""
    last = one.attempts[-1]
    letters = delivery.letters(workspace, one.outgoing, one.destination)
    request = next((letter for letter in letters if letter.url == last.url), letters[0] if letters else None)
    return {
        "youSent": one.event.message,
        "requestToDestination": None if request is None else request_document(workspace, request),
        "responseFromDestination": {"status": last.status, "error": last.error, "body": readable(last.answer)},
    }


def request_document(workspace: Workspace, letter: Letter) -> Json:
    """A request as it may be shown: without secrets."""
    masks = workspace.outbound.masks
    return {
        "method": "POST",
        "url": masks.url(letter.url),
        "headers": dict(header_lines(masks.headers(letter.headers.items()))),
        "body": readable(masks.content(letter.body).decode()),
    }


def readable(text: str) -> Any:
    """JSON where it is JSON, else as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


# --- debugger -------------------------------------------------------------------------------------------------------


def debugger(workspace: Workspace, source: str | None, search: str | None, limit: int) -> list[Event]:
    """The newest events of a source, as its debugger lists them: at most 500, suppressed users never.

    :param search: text that the payload has to hold
    """
    found: list[Event] = []
    for event in reversed(workspace.events.values()):
        if len(found) == min(limit, DEBUGGER):
            break
        if event.reason != "suppressed" and source in (None, event.source) and _holds(event, search):
            found.append(event)
    return found


def _holds(event: Event, search: str | None) -> bool:
    return search is None or search.lower() in to_json(event.message).decode().lower()
