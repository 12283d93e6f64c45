"""The delivery overview as a funnel and over time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tpmock.console.segment.funnel import BARS, Stage, funnel, over_time
from tpmock.console.segment.overview import HEIGHT, WIDTH, drawn

NOW = "2026-01-31T12:30:30.000Z"


def overview(
    series: dict[str, dict[str, int]], reasons: dict[str, list[dict[str, Any]]] | None = None
) -> dict[str, Any]:
    """An overview with these counts by step and time."""
    names = ("successfully-received", "failed-on-ingest", "filtered-at-source", "filtered-at-destination")
    steps = []
    for name in (*names, "failed-delivery", "successful-delivery"):
        counts = series.get(name, {})
        points = [{"time": time, "count": count, "retryCount": 0} for time, count in counts.items()]
        dataset = [{"total": sum(counts.values()), "totalRetryCount": 0, "series": points}]
        discards = (reasons or {}).get(name, [])
        steps.append({"step": name, "total": sum(counts.values()), "dataset": dataset, "discards": discards})
    return {"steps": steps}


def at(**counts: int) -> dict[str, dict[str, int]]:
    return {name.replace("_", "-"): {"2026-01-31T12:00:00Z": count} for name, count in counts.items()}


def test_each_stage_has_what_came_so_far_and_what_was_lost_before_it() -> None:
    counts = at(
        successfully_received=80,
        failed_on_ingest=15,
        filtered_at_source=5,
        filtered_at_destination=20,
        failed_delivery=10,
        successful_delivery=50,
    )
    why = [{"discardReason": "400", "explanation": "", "total": 10, "samples": []}]
    found = funnel(overview(counts, {"failed-delivery": why}))
    assert [(one.name, one.count, one.lost) for one in found] == [
        ("Received", 100, 0),
        ("Passed ingest", 85, 15),
        ("Passed source filters", 80, 5),
        ("Passed destination filters", 60, 20),
        ("Delivered", 50, 10),
    ]
    assert [one.share for one in found] == [1.0, 0.85, 0.8, 0.6, 0.5]
    assert found[-1].reasons == why


def test_two_destinations_make_the_funnel_wider_and_none_makes_it_empty() -> None:
    found = funnel(overview(at(successfully_received=10, successful_delivery=20)))
    assert [one.share for one in found] == [0.5, 0.5, 0.5, 1.0, 1.0]
    assert [one.count for one in funnel(overview({}))] == [0] * 5
    assert isinstance(found[0], Stage)


@pytest.mark.parametrize(
    ("length", "bars"),
    [(timedelta(minutes=10), 11), (timedelta(hours=1), 31), (timedelta(days=1), 25), (timedelta(days=14), BARS + 1)],
)
def test_a_period_has_few_bars_of_equal_spans(length: timedelta, bars: int) -> None:
    assert len(over_time(overview({}), NOW, length)) == bars


def test_ends_are_counted_by_span_and_none_is_lost() -> None:
    series = {
        "successful-delivery": {"2026-01-31T12:29:00Z": 2, "2026-01-31T12:28:00Z": 1, "2026-01-31T11:30:00Z": 4},
        "failed-delivery": {"2026-01-31T12:29:00Z": 3},
        "successfully-received": {"2026-01-31T12:29:00Z": 9},
    }
    found = over_time(overview(series), NOW, timedelta(hours=1))
    assert sum(bar.total for bar in found) == 10
    assert [bar.begins for bar in found] == sorted(bar.begins for bar in found)
    by_begin = {bar.begins: bar.parts for bar in found}
    assert by_begin["2026-01-31T12:28:00Z"] == {"successful-delivery": 3, "failed-delivery": 3}
    assert found[0].parts == {"successful-delivery": 4}


def test_a_bar_is_drawn_from_the_bottom_and_the_highest_fills_the_picture() -> None:
    series = {"successful-delivery": {"2026-01-31T12:00:00Z": 3}, "failed-delivery": {"2026-01-31T12:00:00Z": 1}}
    rows = drawn(over_time(overview(series), NOW, timedelta(days=1)))
    assert [row["x"] for row in rows] == [WIDTH * number for number in range(len(rows))]
    [parts] = [row["parts"] for row in rows if row["parts"]]
    assert [(part["step"], part["y"], part["height"]) for part in parts] == [
        ("successful-delivery", 25.0, 75.0),
        ("failed-delivery", 0.0, 25.0),
    ]
    assert parts[-1]["y"] + parts[0]["height"] + parts[1]["height"] == HEIGHT
    assert drawn([]) == []
