"""The Public API's delivery overview: how many events reached which step, in a stretch of time."""

from __future__ import annotations

from typing import Final

from mockserver.answers import Bindings
from mockserver.clock import parse_iso
from mockserver.segment import reporting
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


@bindings.handles(*_AT_SOURCE)
def at_source(
    workspace: Workspace,
    operation: str,
    source_id: str,
    start_time: str,
    end_time: str,
    granularity: str,
    group_by: list[str] | None,
    group_by_0: str | None,
    pagination_count: int | None,
    pagination_cursor: str | None,
) -> Json:
    """A step before there is a destination."""
    source = known_source(workspace, source_id).name
    group = _group(group_by, group_by_0)
    start, end = _window(start_time, end_time, granularity)
    step = _AT_SOURCE[operation]
    wanted = reporting.Wanted(step=step, start=start, end=end, source=source, group=group, granularity=granularity)
    return _answer(workspace, wanted, pagination_count, pagination_cursor)


@bindings.handles(*_AT_DESTINATION)
def at_destination(
    workspace: Workspace,
    operation: str,
    source_id: str,
    destination_config_id: str,
    start_time: str,
    end_time: str,
    granularity: str,
    group_by: list[str] | None,
    group_by_0: str | None,
    pagination_count: int | None,
    pagination_cursor: str | None,
) -> Json:
    """A step on the way to one destination."""
    source = known_source(workspace, source_id).name
    destination = workspace.destinations.get(destination_config_id)
    if destination is None:
        raise not_found("destination", destination_config_id)
    start, end = _window(start_time, end_time, granularity)
    wanted = reporting.Wanted(
        step=_AT_DESTINATION[operation],
        start=start,
        end=end,
        source=source,
        destination=destination.name,
        group=_group(group_by, group_by_0),
        granularity=granularity,
    )
    return _answer(workspace, wanted, pagination_count, pagination_cursor)


def _group(listed: list[str] | None, numbered: str | None) -> str | None:
    """By what is grouped; programs write the list as the parameter groupBy.0."""
    wanted = [*(listed or ()), *filter(None, [numbered])]
    if len(wanted) > 1:
        raise invalid("groupBy: this mock groups by one dimension at a time")
    return wanted[0] if wanted else None


def _window(start_time: str, end_time: str, granularity: str) -> tuple[float, float]:
    moments = {"startTime": parse_iso(start_time), "endTime": parse_iso(end_time)}
    for name, moment in moments.items():
        if moment is None:
            raise invalid(f"{name}: must be a moment such as 2026-01-31T00:00:00Z")
    start, end = (moment or 0.0 for moment in moments.values())
    if end < start:
        raise invalid("endTime: must not be before startTime")
    if end - start > _LONGEST[granularity] * 3600:
        raise invalid(f"granularity: {granularity} is for {_LONGEST[granularity]} hours at most")
    return start, end


def _answer(workspace: Workspace, wanted: reporting.Wanted, count: int | None, cursor: str | None) -> Json:
    found = reporting.overview(workspace, wanted)
    dataset, pagination = page(found["dataset"], count, cursor)
    return {"data": {"total": found["total"], "dataset": dataset, "pagination": pagination}}
