"""Segment's own libraries for Node.js and for browsers, unchanged, over real sockets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.doors import Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest
from tests.support.stub_destination import StubDestination
from tests.system.clients.calling import ran, succeeded

HERE = Path(__file__).parent

Program = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs beside the libraries."""
    made = tmp_path_factory.mktemp("sdks")
    (made / "node_modules").symlink_to(node_modules)
    for name in ("package.json", "segment-node.mjs", "segment-browser.mjs", "segment-public.mjs"):
        shutil.copy(HERE / name, made)
    return made


@pytest.fixture
def sandbox(server: OverSocket) -> SandboxUnderTest:
    return SandboxUnderTest(server, Judge())


@pytest.fixture
def on_server(folder: Path, server: OverSocket, sandbox: SandboxUnderTest) -> Program:
    """Runs the program that uses the library for servers; what it prints."""

    def run(flush_at: int = 15, key: str = "") -> Any:
        command = ["node", "segment-node.mjs", server.url, key or sandbox["writeKey"], str(flush_at)]
        return json.loads(succeeded(ran(command, folder)))

    return run


@pytest.fixture
def in_browser(folder: Path, server: OverSocket, sandbox: SandboxUnderTest) -> Program:
    """Runs the program that uses the library for browsers; what it prints."""

    def run(strategy: str = "standard", key: str = "", stay_open: int = 1_500) -> Any:
        command = ["node", "segment-browser.mjs", server.url, key or sandbox["writeKey"], strategy]
        return json.loads(succeeded(ran(command, folder, {"STAY_OPEN": str(stay_open)})))

    return run


def calls(sandbox: SandboxUnderTest) -> list[tuple[str, int, str | None]]:
    """The calls that came in, with how often each said it was tried before."""
    rows = [row for row in sandbox.rows("journal") if row["direction"] == "in" and row["method"] == "POST"]
    return [
        (
            row["operation"],
            row["status"],
            {k.lower(): v for k, v in row["request"]["headers"].items()}.get("x-retry-count"),
        )
        for row in rows
    ]


def types(sandbox: SandboxUnderTest) -> list[str]:
    rows = sandbox.rows("segment/events")
    assert [row["reason"] for row in rows] == [None] * len(rows)
    return [row["type"] for row in rows]


# --- @segment/analytics-node ------------------------------------------------------------------------------------------

ALL = ["identify", "track", "page", "screen", "group", "alias"]


@pytest.mark.parametrize(("flush_at", "batches"), [(15, 1), (2, 3), (1, 6)])
def test_a_server_sends_all_calls_in_batches(
    sandbox: SandboxUnderTest, on_server: Program, flush_at: int, batches: int
) -> None:
    assert on_server(flush_at) == {"failures": []}
    assert sorted(types(sandbox)) == sorted(ALL)
    assert [call[:2] for call in calls(sandbox)] == [("batch", 200)] * batches


def test_a_servers_order_arrives_as_it_was_told(
    sandbox: SandboxUnderTest, on_server: Program, destination: StubDestination
) -> None:
    sandbox.connect(destination.url)
    on_server()
    sandbox.settle()
    [order] = [received.event for received in destination.received if received.event["type"] == "track"]
    assert order["properties"]["order_id"] == "node-1001"
    assert order["properties"]["nothing"] is None
    assert order["messageId"].startswith("node-next-")
    assert order["context"]["library"]["name"] == "@segment/analytics-node"
    assert order["channel"] == "server"


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429, "retryAfter": 1}])
def test_a_server_tries_again_what_may_pass(
    sandbox: SandboxUnderTest, on_server: Program, fault: dict[str, Any]
) -> None:
    sandbox.control("POST", "/faults", {"operation": "batch", **fault})
    assert on_server() == {"failures": []}
    assert calls(sandbox) == [("batch", fault["status"], None), ("batch", 200, "1")]
    assert len(types(sandbox)) == 6


def test_a_lost_answer_makes_duplicates_that_are_dropped(sandbox: SandboxUnderTest, on_server: Program) -> None:
    sandbox.control("POST", "/faults", {"operation": "batch", "effect": "cut", "when": "after"})
    assert on_server() == {"failures": []}
    reasons = [row["reason"] for row in sandbox.rows("segment/events")]
    assert reasons == [None] * 6 + ["duplicate"] * 6


def test_a_server_is_told_that_its_key_cannot_be_one(sandbox: SandboxUnderTest, on_server: Program) -> None:
    failures = on_server(key="abc123")["failures"]
    assert {failure["code"] for failure in failures} == {"delivery_failure"}
    assert all("[400] Bad Request" in failure["reason"] for failure in failures)


def test_a_server_is_not_told_that_nobody_knows_its_key(sandbox: SandboxUnderTest, on_server: Program) -> None:
    assert on_server(key="w" * 32) == {"failures": []}
    assert sandbox.rows("segment/events") == []


# --- @segment/analytics-next ------------------------------------------------------------------------------------------


def test_a_page_needs_to_know_only_where_its_settings_are(sandbox: SandboxUnderTest, in_browser: Program) -> None:
    said = in_browser()
    assert said["messageId"].startswith("ajs-next-")
    assert types(sandbox) == ["identify", "track", "page"]
    assert [call[:2] for call in calls(sandbox)] == [("identifyShort", 200), ("trackShort", 200), ("pageShort", 200)]


def test_a_pages_order_arrives_with_what_the_browser_knows(
    sandbox: SandboxUnderTest, in_browser: Program, destination: StubDestination
) -> None:
    sandbox.connect(destination.url)
    in_browser()
    sandbox.settle()
    [order] = [received.event for received in destination.received if received.event["type"] == "track"]
    assert (order["userId"], order["channel"]) == ("customer-1", "client")
    assert order["context"]["page"]["url"] == "https://shop.example.com/thanks?order=1001"
    assert order["context"]["ip"] == "127.0.0.1"
    assert order["anonymousId"]


def test_a_page_that_batches_sends_one_call(sandbox: SandboxUnderTest, in_browser: Program) -> None:
    in_browser("batching")
    assert types(sandbox) == ["identify", "track", "page"]
    assert {call[:2] for call in calls(sandbox)} == {("batchShort", 200)}


def test_a_page_tries_again_what_may_pass(sandbox: SandboxUnderTest, in_browser: Program) -> None:
    sandbox.control("POST", "/faults", {"operation": "trackShort", "status": 503})
    in_browser(stay_open=6_000)
    assert sorted(types(sandbox)) == ["identify", "page", "track"]
    assert [call[1:] for call in calls(sandbox) if call[0] == "trackShort"] == [(503, None), (200, "1")]


def test_a_page_does_not_load_with_a_key_nobody_knows(sandbox: SandboxUnderTest, in_browser: Program) -> None:
    assert "failure" in in_browser(key="w" * 32, stay_open=0)
    assert sandbox.rows("segment/events") == []


def test_the_client_of_the_public_api_reads_every_answer(
    folder: Path, server: OverSocket, sandbox: SandboxUnderTest
) -> None:
    command = ["node", "segment-public.mjs", server.url, sandbox["publicApiToken"]]
    read = json.loads(succeeded(ran(command, folder)))
    assert read["workspace"]["workspace"]["slug"] == "tpmock"
    assert read["echo"]["message"] == "Hello"
    assert read["destinationMetadata"]["destinationMetadata"]["supportedFeatures"]["cloudModeInstances"] == "MULTIPLE"
    assert read["source"]["source"]["writeKeys"] == [sandbox["writeKey"]]
    assert read["destination"] == read["created"]
    assert read["filters"]["filters"][0]["if"] == "type = 'page'"
    [entry] = read["regulations"]["regulations"]
    assert (entry["subjects"], entry["regulationType"]) == (["u-1"], "SUPPRESS_ONLY")
    assert read["regulation"]["regulation"]["id"] == entry["id"] == read["regulated"]["regulateId"]
    assert "validation-failure" in str(read["refused"])
    ignored = [entry["hint"] for entry in sandbox.rows("journal") if "not documented" in (entry["hint"] or "")]
    assert ignored == []
