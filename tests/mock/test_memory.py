"""Records are limited by bytes, dropped records are reported, and scheduled work is never dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tpmock.core import bounded
from tpmock.core.bounded import BoundedDict
from tpmock.core.memory import MEGABYTE
from tpmock.faults.model import FAULTS
from tpmock.journal.journal import RING, RING_BYTES
from tpmock.sandbox.sandbox import SNAPSHOTS
from tpmock.server.app import APIS, MockApp, MockSettings
from tpmock.trustpilot import world

from tests.support import ROOT
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order
from tests.support.stub_destination import Say, StubDestination

KINDS = [
    "audiences", "deliveries", "events", "invitations", "journal", "links", "messageIds", "regulations", "traces",
    "webhooks",
]  # fmt: skip


@pytest.fixture
def small() -> Iterator[InProcess]:
    """A mock with 2 MB for all that is remembered."""
    opened = InProcess(MockApp(MockSettings(most_bytes=2 * MEGABYTE)))
    yield opened
    opened.close()


def described(sandbox: SandboxUnderTest) -> dict[str, Any]:
    described: dict[str, Any] = sandbox.control("GET", "")
    return described


def test_a_sandbox_tells_what_it_remembers_and_what_it_dropped(sandbox: SandboxUnderTest) -> None:
    before = described(sandbox)
    assert sorted(before["dropped"]) == KINDS
    assert set(before["dropped"].values()) == {0}
    sandbox.get("/v1/business-units/find?name=" + "x" * 5_000)
    after = described(sandbox)
    assert after["memory"]["bytes"] > before["memory"]["bytes"] + 5_000
    assert after["memory"]["allBytes"] >= after["memory"]["bytes"]


@pytest.mark.parametrize("place", ["header", "address", "body"])
def test_however_large_calls_are_no_more_is_remembered_than_may_be(small: InProcess, judge: Judge, place: str) -> None:
    sandboxes = [SandboxUnderTest(small, judge) for _ in range(3)]
    text = "x" * 30_000
    for number in range(90):
        sandbox = sandboxes[number % 3]
        if place == "header":
            sandbox.get("/v1/business-units/find?name=a", {"X-Large": text})
        elif place == "address":
            sandbox.get(f"/v1/business-units/find?name={text}")
        else:
            assert sandbox.track(an_order(order_id=str(number), note=text)).status == 200
        assert described(sandbox)["memory"]["allBytes"] <= 2 * MEGABYTE
    found = [described(sandbox) for sandbox in sandboxes]
    assert all(sum(one["dropped"].values()) > 0 for one in found)
    shares = [one["memory"]["bytes"] for one in found]
    assert max(shares) < 2 * min(shares)


def test_a_sandbox_that_goes_gives_its_bytes_back(small: InProcess, judge: Judge) -> None:
    sandbox, other = SandboxUnderTest(small, judge), SandboxUnderTest(small, judge)
    empty = described(other)["memory"]["allBytes"]
    for _ in range(20):
        sandbox.get("/v1/business-units/find?name=a", {"X-Large": "x" * 30_000})
    assert described(other)["memory"]["allBytes"] > empty + 600_000
    sandbox.control("POST", "/reset", {})
    assert described(other)["memory"]["allBytes"] <= empty
    sandbox.control("DELETE", "")
    assert described(other)["memory"]["allBytes"] <= empty


def test_an_invitation_that_waits_is_not_dropped_for_a_later_one(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "RECORDS_BYTES", 3_000)
    door = InProcess()
    sandbox = SandboxUnderTest(door, judge)
    sandbox.control("POST", "/clock/freeze", {})
    statuses: list[int] = []
    while 429 not in statuses:
        answer = sandbox.invite(an_invitation(referenceNumber=f"order-{len(statuses)}"))
        statuses.append(answer.status)
    assert "Nothing of this request was accepted" in answer.hint
    assert answer.headers["Retry-After"] == "1"
    confirmed = len(statuses) - 1
    assert [row["state"] for row in sandbox.rows("invitations")] == ["queued"] * confirmed
    sandbox.advance("1h")
    assert {row["state"] for row in sandbox.rows("invitations")} == {"delivered"}
    assert sandbox.invite(an_invitation(referenceNumber="later")).status == 202
    assert described(sandbox)["dropped"]["invitations"] > 0
    door.close()


def test_a_review_whose_webhook_has_no_room_is_not_written(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "RECORDS_BYTES", 3_000)
    door = InProcess()
    sandbox = SandboxUnderTest(door, judge)
    sandbox.control("POST", "/clock/freeze", {})
    subscription = {"event": "service-review-created", "url": "http://127.0.0.1:9/hook"}
    sandbox.control("POST", "/webhook-subscriptions", subscription)
    statuses: list[int] = []
    while 429 not in statuses:
        answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/reviews", data={"stars": 5, "text": "Good"})
        statuses.append(answer.status)
    assert "webhooks of this sandbox wait" in answer.json["detail"]
    assert len(sandbox.rows("webhooks")) == len(statuses) - 1
    door.close()


def test_deliveries_that_wait_are_bounded_by_bytes_and_delivered_in_the_end(
    destination: StubDestination, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = InProcess(MockApp(MockSettings(most_bytes=MEGABYTE)))
    sandbox = SandboxUnderTest(door, judge)
    sandbox.connect(destination.url)
    destination.say = [Say(503)]
    statuses: list[int] = []
    while 429 not in statuses:
        statuses.append(sandbox.track(an_order(order_id=str(len(statuses)), note="x" * 20_000)).status)
        sandbox.settle()
    pixel = sandbox.call("GET", "/v1/pixel/track?userId=1&event=Seen&writeKey=" + sandbox["writeKey"])
    assert (pixel.status, pixel.headers["Retry-After"]) == (429, "1")
    assert described(sandbox)["memory"]["allBytes"] <= 1.2 * MEGABYTE
    destination.say = [Say(200)]
    sandbox.advance("10m")
    since = sandbox.control("GET", "/segment/overview")["since"]
    assert (since["successful-delivery"], since["pending"]) == (len(statuses) - 1, 0)
    door.close()


def test_each_thing_that_waits_is_known_to_the_documents(sandbox: SandboxUnderTest, judge: Judge) -> None:
    door = InProcess()
    holders = door.mock.sandboxes.default.memory.holders
    for api, rules in APIS.items():
        operations = door.mock.pipeline.operations[api]
        for operation, kinds in rules.fills.items():
            assert holders.keys() >= set(kinds)
            examples = operations[operation].operation.examples
            found = examples.get(rules.full) or operations.document.fallbacks[rules.full]
            assert found.status == 429
    door.close()


def test_snapshots_of_all_sandboxes_have_a_budget(judge: Judge) -> None:
    small = InProcess(MockApp(MockSettings(most_bytes=300_000)))
    sandbox = SandboxUnderTest(small, judge)
    taken = 0
    while (answer := sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/snapshots/s{taken}")).status == 200:
        taken += 1
    assert (answer.status, "--max-memory" in answer.json["detail"]) == (409, True)
    assert sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/snapshots/s0").status == 200
    sandbox.control("DELETE", "/snapshots/s0")
    assert sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/snapshots/again").status == 200
    other = SandboxUnderTest(small, judge)
    assert other.call("PUT", f"/_mock/sandboxes/{other.id}/snapshots/one").status == 409
    sandbox.control("DELETE", "")
    assert other.call("PUT", f"/_mock/sandboxes/{other.id}/snapshots/one").status == 200
    small.close()


def told_bounds() -> dict[str, tuple[str, str]]:
    """Number and megabytes of each row of the table on the page of the limits."""
    page = (ROOT / "mockserver" / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
    table = page.partition("## What is remembered")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {row[0].partition(",")[0]: (row[1], row[2]) for row in rows[2:]}


def test_the_documentation_tells_the_bounds_as_they_are() -> None:
    names = {
        "traces": "Traces",
        "events": "Events",
        "messageIds": "Message ids for recognizing duplicates",
        "deliveries": "Deliveries",
        "audiences": "Audiences and computed traits",
        "regulations": "Regulations",
        "invitations": "Invitations",
        "links": "Links of invitations",
        "webhooks": "Webhooks",
    }
    told = told_bounds()
    with MockApp() as mock:
        memory = mock.sandboxes.default.memory
        assert memory.holders.keys() == {"journal", *names}
        for kind, name in names.items():
            holder = memory.holders[kind]
            assert isinstance(holder, BoundedDict)
            assert told[name] == (f"{holder._size:,}", f"{holder._most // MEGABYTE} MB"), name
        assert told["Journal"] == (f"{RING:,}, or as many as the sandbox was made with", f"{RING_BYTES // MEGABYTE} MB")
        assert told["All of these together"][1] == f"{memory.most // MEGABYTE} MB"
        assert told["All of these in all sandboxes"][1] == f"{memory.process.most // MEGABYTE} MB (`--max-memory`)"
        assert told["Snapshots"][0] == str(SNAPSHOTS)
        assert told["Faults"][0] == f"{FAULTS:,}"


def test_what_a_process_may_remember_is_more_than_what_a_sandbox_may() -> None:
    assert MockSettings().most_bytes > bounded.BYTES
