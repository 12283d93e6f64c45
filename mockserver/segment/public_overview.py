"""The Public API's delivery overview: how many events reached which step, in a stretch of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mockserver.answers import Bindings
from mockserver.clock import iso, parse_iso
from mockserver.segment import public_destinations, reporting
from mockserver.segment.model import Json
from mockserver.segment.paging import page
from mockserver.segment.public_api import invalid, known_source, not_found
from mockserver.segment.reasons import Step
from mockserver.segment.workspace import Workspace

bindings = Bindings()

_AT_SOURCE: Final[dict[str, Step]] = {
    "getIngressSuccessMetricsFromDeliveryOverview": "successfully-received",
    "getIngressFailedMetricsFromDeliveryOverview": "failed-on-ingest",
    "getFilteredAtSourceMetricsFromDeliveryOverview": "filtered-at-source",
}
_AT_DESTINATION: Final[dict[str, Step]] = {
    "getFilteredAtDestinationMetricsFromDeliveryOverview": "filtered-at-destination",
    "getEgressFailedMetricsFromDeliveryOverview": "failed-delivery",
    "getEgressSuccessMetricsFromDeliveryOverview": "successful-delivery",
}
#: Hours of each granularity that can be asked for at once; how far back is not limited here.
_LONGEST: Final = {"MINUTE": 4, "HOUR": 14 * 24, "DAY": 30 * 24}
#: The same for the summary of one destination; so far back it looks when no beginning is given.
_LONGEST_SUMMARY: Final = {"MINUTE": 4, "HOUR": 7 * 24, "DAY": 14 * 24}
#: The numbers of that summary. No source names them: the names are the mock's own.
_METRICS: Final[dict[str, Step]] = {
    "successes": "successful-delivery",
    "failures": "failed-delivery",
    "filtered": "filtered-at-destination",
}


@bindings.handles(*_AT_SOURCE)
def at_source(
    workspace: Workspace,
    operation: str,
    source_id: str,
    start_time: str,
    end_time: str,
    granularity: str,
    arguments: Json,
) -> Json:
    """A step before there is a destination."""
    source = known_source(workspace, source_id).name
    start, end = _window(start_time, end_time, granularity, _LONGEST)
    wanted = reporting.Wanted(
        step=_AT_SOURCE[operation],
        start=start,
        end=end,
        source=source,
        groups=_groups(arguments),
        granularity=granularity,
    )
    return _answer(workspace, wanted, arguments)


@bindings.handles(*_AT_DESTINATION)
def at_destination(
    workspace: Workspace,
    operation: str,
    source_id: str,
    destination_config_id: str,
    start_time: str,
    end_time: str,
    granularity: str,
    arguments: Json,
) -> Json:
    """A step on the way to one destination."""
    source = known_source(workspace, source_id).name
    destination = workspace.destinations.get(destination_config_id)
    if destination is None:
        raise not_found("destination", destination_config_id)
    start, end = _window(start_time, end_time, granularity, _LONGEST)
    wanted = reporting.Wanted(
        step=_AT_DESTINATION[operation],
        start=start,
        end=end,
        source=source,
        destination=destination.name,
        groups=_groups(arguments),
        granularity=granularity,
    )
    return _answer(workspace, wanted, arguments)


@bindings.handles("listDeliveryMetricsSummaryFromDestination")
def summary(
    workspace: Workspace,
    destination_id: str,
    source_id: str,
    start_time: str | None,
    end_time: str | None,
    granularity: str,
) -> Json:
    """How many events of a source a destination took, did not take, and was spared."""
    source = known_source(workspace, source_id)
    destination = workspace.destinations.get(destination_id)
    if destination is None:
        raise not_found("destination", destination_id)
    now = iso(workspace.now())
    until = end_time or now
    began = parse_iso(until)
    since = start_time or iso((began or 0.0) - _LONGEST_SUMMARY[granularity] * 3600)
    start, end = _window(since, until, granularity, _LONGEST_SUMMARY)
    document = public_destinations.document(workspace, destination)
    return {
        "data": {
            "deliveryMetricsSummary": {
                "sourceId": source.id,
                "destinationMetadataId": document["metadata"]["id"],
                "metrics": [
                    _metric(workspace, name, step, start, end, source.name, destination.name)
                    for name, step in _METRICS.items()
                ],
            }
        }
    }


def _metric(
    workspace: Workspace, name: str, step: Step, start: float, end: float, source: str, destination: str
) -> Json:
    """One number, and what it is made of: first tries and later ones, or the reasons."""
    wanted = reporting.Wanted(
        step=step, start=start, end=end, source=source, destination=destination, groups=("discardReason",)
    )
    found = reporting.overview(workspace, wanted)
    if step == "successful-delivery":
        later = sum(part["totalRetryCount"] for part in found["dataset"])
        parts = {"first_attempt": found["total"] - later, "retry": later}
    else:
        parts = {part["discardReason"]: part["total"] for part in found["dataset"]}
    return {
        "metricName": name,
        "total": found["total"],
        "breakdown": [{"metricName": part, "value": value} for part, value in parts.items()],
    }


def _groups(arguments: Json) -> tuple[str, ...]:
    """By what is grouped; programs write the list as the parameters groupBy.0, groupBy.1 and so on."""
    numbered = (arguments[f"group_by_{number}"] for number in range(len(reporting.GROUPS)))
    return tuple(dict.fromkeys([*(arguments["group_by"] or ()), *filter(None, numbered)]))


def _window(start_time: str, end_time: str, granularity: str, longest: Mapping[str, int]) -> tuple[float, float]:
    moments = {"startTime": parse_iso(start_time), "endTime": parse_iso(end_time)}
    for name, moment in moments.items():
        if moment is None:
            raise invalid(f"{name}: must be a moment such as 2026-01-31T00:00:00Z")
    start, end = (moment or 0.0 for moment in moments.values())
    if end < start:
        raise invalid("endTime: must not be before startTime")
    if end - start > longest[granularity] * 3600:
        raise invalid(f"granularity: {granularity} is for {longest[granularity]} hours at most")
    return start, end


def _answer(workspace: Workspace, wanted: reporting.Wanted, arguments: Json) -> Json:
    found = reporting.overview(workspace, wanted)
    dataset, pagination = page(found["dataset"], arguments["pagination_count"], arguments["pagination_cursor"])
    return {"data": {"total": found["total"], "dataset": dataset, "pagination": pagination}}
