"""The Public API's delivery overview: counts of events per step, in a period of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tpmock.common.moments import iso, parse_iso
from tpmock.core.responses import Bindings
from tpmock.segment import reporting
from tpmock.segment.model import Json
from tpmock.segment.public_answers import invalid, page
from tpmock.segment.public_api import known_source
from tpmock.segment.public_destinations import document, known_destination
from tpmock.segment.reasons import Step
from tpmock.segment.workspace import Workspace

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
#: Maximum hours per request for each granularity; the age of the data is not limited here.
_LONGEST: Final = {"MINUTE": 4, "HOUR": 14 * 24, "DAY": 30 * 24}
#: The same for the summary of one destination; also its default period.
_LONGEST_SUMMARY: Final = {"MINUTE": 4, "HOUR": 7 * 24, "DAY": 14 * 24}
#: The metrics of that summary. No source names them: the names are the mock's own.
_METRICS: Final[dict[str, Step]] = {
    "successes": "successful-delivery",
    "failures": "failed-delivery",
    "filtered": "filtered-at-destination",
}


@bindings.handles(*_AT_SOURCE, *_AT_DESTINATION)
def overview(workspace: Workspace, operation: str, arguments: Json) -> Json:
    """Answer the counts of a step before or at a destination."""
    source = known_source(workspace, arguments["source_id"]).name
    destination = None
    if operation in _AT_DESTINATION:
        destination = known_destination(workspace, arguments["destination_config_id"]).name
    granularity = arguments["granularity"]
    start, end = _window(arguments["start_time"], arguments["end_time"], granularity, _LONGEST)
    wanted = reporting.CountFilter(
        step=(_AT_SOURCE | _AT_DESTINATION)[operation],
        start=start,
        end=end,
        source=source,
        destination=destination,
        groups=_groups(arguments),
        granularity=granularity,
    )
    found = reporting.overview(workspace, wanted)
    dataset, pagination = page(found["dataset"], arguments)
    return {"data": {"total": found["total"], "dataset": dataset, "pagination": pagination}}


@bindings.handles("listDeliveryMetricsSummaryFromDestination")
def summary(workspace: Workspace, destination_id: str, source_id: str, arguments: Json) -> Json:
    """Return how many events of a source a destination accepted, rejected and filtered."""
    source = known_source(workspace, source_id)
    destination = known_destination(workspace, destination_id)
    granularity = arguments["granularity"]
    until = arguments["end_time"] or iso(workspace.now())
    since = arguments["start_time"] or iso((parse_iso(until) or 0.0) - _LONGEST_SUMMARY[granularity] * 3600)
    start, end = _window(since, until, granularity, _LONGEST_SUMMARY)
    wanted = reporting.CountFilter(
        step="pending",
        start=start,
        end=end,
        source=source.name,
        destination=destination.name,
        groups=("discardReason",),
    )
    return {
        "data": {
            "deliveryMetricsSummary": {
                "sourceId": source.id,
                "destinationMetadataId": document(workspace, destination)["metadata"]["id"],
                "metrics": [_metric(workspace, name, replace(wanted, step=step)) for name, step in _METRICS.items()],
            }
        }
    }


def _metric(workspace: Workspace, name: str, wanted: reporting.CountFilter) -> Json:
    """Return one metric with its parts: first attempts and later ones, or the reasons."""
    found = reporting.overview(workspace, wanted)
    if wanted.step == "successful-delivery":
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
    """Return the keys to group by; programs write the list as the parameters groupBy.0, groupBy.1 and so on."""
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
