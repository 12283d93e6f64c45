"""The Public API's numbers: grouped by several dimensions at once, and summed up for one destination."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination


def api(sandbox: SandboxUnderTest, target: str) -> Answer:
    return sandbox.call("GET", target, headers={"Authorization": f"Bearer {sandbox['publicApiToken']}"})


@pytest.fixture
def busy(sandbox: SandboxUnderTest, destination: StubDestination) -> dict[str, str]:
    """Two orders delivered, one of them at the second try, one page refused for good, two tracks filtered."""
    # All of it on one day, at any time of the test run.
    begun = datetime.fromisoformat(sandbox.control("GET", "/clock")["now"])
    sandbox.advance(f"{(24 + 12 - begun.hour) % 24}h")
    destination.say = [Say(200), Say(503), Say(200), Say(422)]
    sandbox.control("PATCH", "/variants", {"delivered_types": "all"})
    sandbox.connect(destination.url)
    sandbox.track(an_order(order_id="1"))
    sandbox.settle()
    sandbox.track(an_order(order_id="2"))
    sandbox.settle()
    sandbox.advance("5m")
    sandbox.track({"userId": "u", "name": "Home"}, "/v1/page")
    sandbox.settle()
    for event in ("Seen", "Clicked"):
        sandbox.track({"userId": "u", "event": event, "integrations": {"All": False}})
    now = sandbox.control("GET", "/clock")["now"]
    [connected] = sandbox.rows("segment/destinations")
    [source] = sandbox.rows("segment/sources")
    return {"source": source["id"], "destination": connected["id"], "day": now[:10]}


def overview(sandbox: SandboxUnderTest, busy: dict[str, str], step: str, group: str) -> Any:
    window = f"startTime={busy['day']}T00:00:00Z&endTime={busy['day']}T23:59:59Z&granularity=DAY"
    wanted = f"sourceId={busy['source']}&destinationConfigId={busy['destination']}"
    answer = api(sandbox, f"/delivery-overview/{step}?{wanted}&{window}&{group}")
    assert answer.status == 200, answer.text
    return answer.json["data"]


@pytest.mark.parametrize(
    "group",
    [
        "groupBy=eventType,eventName,discardReason",
        "groupBy.0=eventType&groupBy.1=eventName&groupBy.2=discardReason",
        "groupBy=eventType&groupBy.0=eventName&groupBy.1=discardReason",
        "groupBy.0=eventType&groupBy.1=eventName&groupBy.2=eventType&groupBy.3=discardReason",
    ],
)
def test_counts_are_grouped_by_several_dimensions(sandbox: SandboxUnderTest, busy: dict[str, str], group: str) -> None:
    found = overview(sandbox, busy, "filtered-at-destination", group)
    assert found["total"] == 2
    rows = [(row["eventType"], row["eventName"], row["discardReason"], row["total"]) for row in found["dataset"]]
    reason = "FILTERED_BY_INTEGRATIONS_OBJECT"
    assert sorted(rows) == [("track", "Clicked", reason, 1), ("track", "Seen", reason, 1)]
    assert all("appVersion" not in row for row in found["dataset"])


def test_without_groups_there_is_one_row(sandbox: SandboxUnderTest, busy: dict[str, str]) -> None:
    [row] = overview(sandbox, busy, "successful-delivery", "")["dataset"]
    assert (row["total"], row["totalRetryCount"], set(row)) == (2, 1, {"total", "totalRetryCount", "series"})


@pytest.mark.parametrize("query", ["", "&granularity=DAY", "&granularity=MINUTE"])
def test_a_destination_is_summed_up(sandbox: SandboxUnderTest, busy: dict[str, str], query: str) -> None:
    answer = api(sandbox, f"/destinations/{busy['destination']}/delivery-metrics?sourceId={busy['source']}{query}")
    summary = answer.json["data"]["deliveryMetricsSummary"]
    assert summary["sourceId"] == busy["source"]
    numbers = {
        metric["metricName"]: (metric["total"], {part["metricName"]: part["value"] for part in metric["breakdown"]})
        for metric in summary["metrics"]
    }
    assert numbers == {
        "successes": (2, {"first_attempt": 1, "retry": 1}),
        "failures": (1, {"422": 1}),
        "filtered": (2, {"FILTERED_BY_INTEGRATIONS_OBJECT": 2}),
    }


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("nothing", "", 404),
        ("", "&sourceId=nothing", 404),
        ("", "&startTime=yesterday", 422),
        ("", "&startTime=2026-01-02T00:00:00Z&endTime=2026-01-01T00:00:00Z", 422),
        ("", "&startTime=2026-01-01T00:00:00Z&endTime=2026-01-09T00:00:00Z&granularity=HOUR", 422),
        ("", "&startTime=2026-01-01T00:00:00Z&endTime=2026-01-09T00:00:00Z&granularity=DAY", 200),
        ("", "&granularity=WEEK", 422),
    ],
)
def test_what_cannot_be_summed_up(
    sandbox: SandboxUnderTest, busy: dict[str, str], path: str, query: str, status: int
) -> None:
    source = "" if "sourceId" in query else f"&sourceId={busy['source']}"
    answer = api(sandbox, f"/destinations/{path or busy['destination']}/delivery-metrics?x=1{source}{query}")
    assert answer.status == status, answer.text
    if status == 200:
        metrics = answer.json["data"]["deliveryMetricsSummary"]["metrics"]
        assert [metric["total"] for metric in metrics] == [0, 0, 0]
