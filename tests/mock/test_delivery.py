"""How Segment brings events to a destination, over real sockets, on the sandbox's clock."""

from __future__ import annotations

import base64
import socket
import threading
from itertools import pairwise
from typing import Any

import pytest
from tpmock import spec

from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination


def delivery(sandbox: SandboxUnderTest) -> dict[str, Any]:
    [row] = sandbox.rows("segment/deliveries")
    return row


@pytest.fixture
def connected(sandbox: SandboxUnderTest, destination: StubDestination) -> SandboxUnderTest:
    sandbox.connect(destination.url)
    return sandbox


def test_one_post_an_event_exactly_as_documented(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.track({**an_order(), "messageId": "m-1"})
    connected.settle()
    [received] = destination.received
    key = base64.b64encode(f"{connected['integrationKey']}:".encode()).decode()
    assert received.headers["Authorization"] == f"Basic {key}"
    assert received.headers["User-Agent"] == "Segment.io/1.0"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Cache-Control"] == "no-cache"
    assert "X-Segment-Settings" not in received.headers
    body = spec.load("segment-destination").operations["deliver"].body["application/json"]
    assert body.violation(received.event) is None
    assert received.event["properties"]["order_id"] == "1001"


def test_a_delivered_event_is_reported_with_its_attempt(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    connected.track(an_order())
    connected.settle()
    row = delivery(connected)
    assert (row["state"], row["reason"], row["nextAttemptAt"]) == ("delivered", None, None)
    [attempt] = row["attempts"]
    assert (attempt["status"], attempt["error"], attempt["message"]) == (200, None, "Thanks.")


def test_every_event_of_a_batch_is_a_delivery_of_its_own(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    connected.track({"batch": [an_order(order_id=str(number)) for number in range(20)]}, "/v1/batch")
    connected.settle()
    assert {entry.event["properties"]["order_id"] for entry in destination.received} == {str(n) for n in range(20)}


RETRIED = (408, 423, 429, 500, 502, 503, 504, 599)
DISCARDED = (301, 307, 400, 401, 403, 404, 410, 422, 501)


@pytest.mark.parametrize("status", RETRIED)
def test_what_may_pass_is_tried_again_until_it_succeeds(
    connected: SandboxUnderTest, destination: StubDestination, status: int
) -> None:
    destination.say = [Say(status), Say(status), Say(200)]
    connected.track(an_order())
    connected.settle()
    row = delivery(connected)
    assert (row["state"], row["reason"]) == ("awaiting-retry", f"errors.awaiting-retry.{status}")
    connected.advance("10m")
    row = delivery(connected)
    assert (row["state"], [attempt["status"] for attempt in row["attempts"]]) == ("delivered", [status, status, 200])


@pytest.mark.parametrize("status", DISCARDED)
def test_what_will_not_pass_is_discarded_at_once(
    connected: SandboxUnderTest, destination: StubDestination, status: int
) -> None:
    destination.say = [Say(status, b'{"message": "No."}')]
    connected.track(an_order())
    connected.advance("4h")
    row = delivery(connected)
    assert (row["state"], row["reason"]) == ("discarded", f"errors.discarded.{status}")
    assert [attempt["message"] for attempt in row["attempts"]] == ["No."]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_ends_it(connected: SandboxUnderTest, destination: StubDestination, status: int) -> None:
    destination.say = [Say(status, b"")]
    connected.track(an_order())
    connected.settle()
    assert delivery(connected)["state"] == "delivered"


def test_after_four_hours_segment_gives_up(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(503)]
    connected.track(an_order())
    connected.advance("5h")
    row = delivery(connected)
    assert (row["state"], row["reason"]) == ("discarded", "errors.awaiting-retry.503")
    attempts = [attempt["at"] for attempt in row["attempts"]]
    assert 6 <= len(attempts) <= 20
    assert attempts == sorted(attempts)
    assert len(destination.received) == len(attempts)


def test_waits_between_attempts_grow(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(503)]
    connected.track(an_order())
    connected.advance("5h")
    moments = [_seconds(attempt["at"]) for attempt in delivery(connected)["attempts"]]
    waits = [after - before for before, after in pairwise(moments)]
    assert waits[0] < 60 < waits[3] < waits[-1] + 1800


def _seconds(text: str) -> float:
    from datetime import datetime  # noqa: PLC0415 - one use

    return datetime.fromisoformat(text).timestamp()


def test_a_redirect_is_never_followed(connected: SandboxUnderTest, destination: StubDestination) -> None:
    with StubDestination() as elsewhere:
        destination.say = [Say(307, location=elsewhere.url)]
        connected.track(an_order())
        connected.advance("4h")
        assert elsewhere.received == []


def test_a_destination_that_is_down_is_tried_again(sandbox: SandboxUnderTest) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    sandbox.connect(url)
    sandbox.track(an_order())
    sandbox.settle()
    row = delivery(sandbox)
    assert (row["state"], row["reason"]) == ("awaiting-retry", "errors.awaiting-retry.ECONNREFUSED")
    assert row["attempts"][0]["status"] is None


def test_a_connection_cut_in_the_middle_is_tried_again(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    destination.say = [Say(0), Say(200)]
    connected.track(an_order())
    connected.advance("10m")
    assert [attempt["error"] for attempt in delivery(connected)["attempts"]] == ["ECONNRESET", None]


def test_a_slow_destination_times_out_and_is_tried_again(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    connected.control("PATCH", "/variants", {"delivery_timeout": "PT0.3S"})
    release = threading.Event()
    destination.say = [Say(wait_for=release), Say(200)]
    connected.track(an_order())
    connected.settle()
    assert delivery(connected)["reason"] == "errors.awaiting-retry.ETIMEDOUT"
    release.set()
    connected.advance("10m")
    assert delivery(connected)["state"] == "delivered"


def test_garbage_for_an_answer_is_no_message(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(400, b"[" * 100_000), Say(400, b"<html>", "text/html"), Say(400, b'{"message": 7}')]
    for number in range(3):
        connected.track(an_order(order_id=str(number)))
        connected.settle()
    rows = connected.rows("segment/deliveries")
    assert [row["attempts"][0]["message"] for row in rows] == [None, None, None]


@pytest.mark.parametrize(
    ("integrations", "state"),
    [
        ({}, "delivered"),
        ({"All": False}, "filtered"),
        ({"all": False}, "filtered"),
        ({"All": False, "Trustpilot": True}, "delivered"),
        ({"All": False, "Trustpilot": {"option": 1}}, "delivered"),
        ({"Trustpilot": False}, "filtered"),
        ({"trustpilot": False}, "delivered"),
    ],
)
def test_the_integrations_object_decides(connected: SandboxUnderTest, integrations: dict[str, Any], state: str) -> None:
    connected.track({**an_order(), "integrations": integrations})
    connected.settle()
    row = delivery(connected)
    assert row["state"] == state
    assert row["reason"] == (None if state == "delivered" else "FILTERED_BY_INTEGRATIONS_OBJECT")


@pytest.mark.parametrize(
    ("variant", "types"),
    [
        ("track", ["track"]),
        ("track-identify", ["track", "identify"]),
        ("all", ["track", "identify", "page", "group"]),
    ],
)
def test_which_types_are_delivered_is_a_variant(
    connected: SandboxUnderTest, destination: StubDestination, variant: str, types: list[str]
) -> None:
    connected.control("PATCH", "/variants", {"delivered_types": variant})
    for kind in ("track", "identify", "page", "group", "screen", "alias"):
        connected.track({"userId": "u", "event": "E"}, f"/v1/{kind}")
        connected.settle()
    assert [entry.event["type"] for entry in destination.received] == types
    filtered = [row["reason"] for row in connected.rows("segment/deliveries") if row["state"] == "filtered"]
    assert filtered == ["UNSUPPORTED_EVENT_TYPE"] * (6 - len(types))


def test_a_destination_switched_off_receives_nothing(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.connect(destination.url, enabled=False)
    sandbox.track(an_order())
    sandbox.settle()
    assert (delivery(sandbox)["reason"], destination.received) == ("DESTINATION_DISABLED", [])


def test_a_destination_taken_away_gets_no_retry(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(503)]
    connected.track(an_order())
    connected.settle()
    connected.control("DELETE", "/segment/destinations/Trustpilot")
    connected.advance("4h")
    assert (delivery(connected)["state"], len(destination.received)) == ("filtered", 1)


def test_a_dropped_event_is_not_delivered(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.track({"event": "E"})
    connected.settle()
    assert connected.rows("segment/deliveries") == []


def test_attempts_are_in_the_journal_with_the_key_masked(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    connected.track({**an_order(), "messageId": "m-1"})
    connected.settle()
    [entry] = connected.control("GET", "/journal?direction=out")["journal"]
    assert (entry["operation"], entry["status"], entry["url"]) == ("deliver", 200, destination.url)
    assert entry["request"]["headers"]["Authorization"].endswith("…{integrationKey:}")
    assert entry["request"]["body"]["messageId"] == "m-1"
    [event] = connected.rows("segment/events")
    assert entry["trace"] == event["trace"]


def test_without_a_destination_nothing_is_sent_and_nothing_is_due(sandbox: SandboxUnderTest) -> None:
    sandbox.track(an_order())
    sandbox.settle()
    assert sandbox.rows("segment/deliveries") == []
