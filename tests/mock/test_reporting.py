"""What Segment shows of its pipeline: why nothing was sent, how many reached which step, tester and replay."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination


@pytest.fixture
def connected(sandbox: SandboxUnderTest, destination: StubDestination) -> SandboxUnderTest:
    sandbox.connect(destination.url)
    return sandbox


def sent(sandbox: SandboxUnderTest, **changes: Any) -> dict[str, Any]:
    """The way of one event."""
    sandbox.track({**an_order(), "messageId": "m-1", **changes})
    sandbox.settle()
    found: dict[str, Any] = sandbox.control("GET", "/segment/events/m-1/pipeline")
    return found


def steps(way: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(step["step"], step["state"], step["reason"]) for step in way["steps"]]


def test_a_delivered_event_has_passed_all_five_steps(connected: SandboxUnderTest) -> None:
    found = sent(connected)
    [way] = found["ways"]
    assert (way["destination"], found["answer"]) == ("Trustpilot", "It was delivered.")
    assert steps(way) == [
        ("received", "passed", None),
        ("ingest", "passed", None),
        ("source filters", "passed", None),
        ("destination filters", "passed", None),
        ("delivery", "delivered", None),
    ]


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"userId": ""}, "id_not_string", "not a string"),
        ({"event": None}, "event_not_defined", "has no event name"),
        ({"event": 7}, "event_not_string", "not a string"),
        ({"properties": []}, "properties_not_object", "must be an object"),
    ],
)
def test_why_nothing_was_sent_of_what_ingest_drops(
    connected: SandboxUnderTest, changes: dict[str, Any], reason: str, words: str
) -> None:
    found = sent(connected, **changes)
    [way] = found["ways"]
    assert steps(way)[-1] == ("ingest", "stopped", reason)
    assert found["answer"].startswith("Nothing was sent.")
    assert words in found["answer"]


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"integrations": {"All": False}}, "FILTERED_BY_INTEGRATIONS_OBJECT", "integrations object"),
        ({"integrations": {"Trustpilot": False}}, "FILTERED_BY_INTEGRATIONS_OBJECT", "case-sensitive"),
    ],
)
def test_why_nothing_was_sent_of_what_a_destination_filters(
    connected: SandboxUnderTest, changes: dict[str, Any], reason: str, words: str
) -> None:
    found = sent(connected, **changes)
    [way] = found["ways"]
    assert steps(way)[-1] == ("destination filters", "stopped", reason)
    assert words in found["answer"]


def test_why_nothing_was_sent_to_a_type_that_is_not_supported(connected: SandboxUnderTest) -> None:
    connected.track({"userId": "u", "messageId": "m-1"}, "/v1/group")
    found = connected.control("GET", "/segment/events/m-1/pipeline")
    assert "does not accept calls of this type" in found["answer"]


def test_why_nothing_was_sent_without_or_with_a_disabled_destination(sandbox: SandboxUnderTest) -> None:
    assert sent(sandbox)["answer"] == "Nothing was sent: no destination is connected."
    sandbox.connect("http://127.0.0.1:9/", enabled=False)
    found = sent(sandbox, messageId="m-2")
    assert "no destination" in found["answer"]
    found = sandbox.control("GET", "/segment/events/m-2/pipeline")
    assert steps(found["ways"][0])[-1] == ("destination filters", "stopped", "DESTINATION_DISABLED")


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [(401, "discarded", "API Key"), (503, "awaiting-retry", "temporarily unavailable")],
)
def test_why_nothing_arrived(
    connected: SandboxUnderTest, destination: StubDestination, status: int, state: str, words: str
) -> None:
    destination.say = [Say(status)]
    found = sent(connected)
    assert steps(found["ways"][0])[-1][:2] == ("delivery", state)
    assert words in found["answer"]


def test_when_segment_has_given_up_it_says_so(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(503)]
    sent(connected)
    connected.advance("5h")
    [row] = connected.rows("segment/deliveries")
    assert row["explanation"] == "The destination is temporarily unavailable. Segment gave up after four hours."
    assert connected.control("GET", "/segment/events/m-1/pipeline")["answer"] == row["explanation"]


def test_each_of_several_destinations_has_its_own_answer(connected: SandboxUnderTest) -> None:
    off = {"url": "http://127.0.0.1:9/", "enabled": False, "settings": {"apiKey": "k"}}
    connected.control("PUT", "/segment/destinations/Off", off)
    answer = sent(connected)["answer"]
    assert answer.startswith("Trustpilot: It was delivered. Off: Nothing was sent. The destination is switched off")


def test_a_duplicate_and_an_unknown_event(connected: SandboxUnderTest) -> None:
    sent(connected)
    assert "deduplication window" in sent(connected)["answer"]
    answer = connected.call("GET", f"/_mock/sandboxes/{connected.id}/segment/events/nobody/pipeline")
    assert (answer.status, answer.json["title"]) == (404, "No such event")


def test_the_overview_accounts_for_every_event(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.control("POST", "/clock/freeze")
    destination.say = [Say(503), Say(400), Say(200)]
    batch = [
        an_order(order_id="1"),
        "no message",
        {"type": "track", "userId": "u"},
        {**an_order(), "integrations": {"All": False}},
    ]
    for event in (batch[0], an_order(order_id="2"), an_order(order_id="3")):
        connected.track(event)
        connected.settle()
    connected.track({"batch": batch[1:]}, "/v1/batch")
    connected.track(an_order(order_id="4"))
    connected.advance("10m")
    found = connected.control("GET", "/segment/overview?groupBy=eventName")
    assert found["since"] == {
        "successfully-received": 5,
        "failed-on-ingest": 2,
        "filtered-at-source": 0,
        "filtered-at-destination": 1,
        "pending": 0,
        "failed-delivery": 1,
        "successful-delivery": 3,
    }
    by_step = {step["step"]: step for step in found["steps"]}
    [failed] = by_step["failed-delivery"]["discards"]
    assert (failed["discardReason"], failed["total"], len(failed["samples"])) == ("400", 1, 1)
    [delivered] = by_step["successful-delivery"]["dataset"]
    assert (delivered["eventName"], delivered["total"], delivered["totalRetryCount"]) == ("Order Completed", 3, 1)
    assert sum(point["count"] for point in delivered["series"]) == 3
    assert {row["discardReason"] for row in by_step["failed-on-ingest"]["discards"]} == {
        "bad_request",
        "event_not_defined",
    }
    connected.advance("2d")
    assert connected.control("GET", "/segment/overview?period=1h")["steps"][0]["total"] == 0


def test_event_delivery_shows_each_error_with_its_three_payloads(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    destination.say = [Say(400, b'{"message": "Missing email address"}'), Say(200)]
    for number in range(3):
        connected.track(an_order(order_id=str(number)))
        connected.settle()
    found = connected.control("GET", "/segment/destinations/Trustpilot/event-delivery")
    assert (found["delivered"], found["notDelivered"]) == (2, 1)
    assert found["p95LatencyMilliseconds"] > 0
    [error] = found["errors"]
    assert (error["code"], error["count"]) == ("errors.discarded.400", 1)
    assert error["description"] == "Missing email address"
    samples = error["samples"]
    assert samples["youSent"]["properties"]["order_id"] == "0"
    assert samples["requestToDestination"]["body"] == samples["youSent"]
    assert connected["integrationKey"] not in str(samples["requestToDestination"]["headers"])
    assert samples["responseFromDestination"]["body"] == {"message": "Missing email address"}


def test_the_debugger_lists_what_came_last_and_searches_it(connected: SandboxUnderTest) -> None:
    for number in range(5):
        connected.track(an_order(order_id=f"order-{number}"))
    found = connected.control("GET", "/segment/debugger?limit=3")["events"]
    assert [row["message"]["properties"]["order_id"] for row in found] == ["order-4", "order-3", "order-2"]
    [only] = connected.control("GET", "/segment/debugger?search=ORDER-1")["events"]
    assert only["message"]["properties"]["order_id"] == "order-1"
    assert connected.control("GET", "/segment/debugger?source=nobody")["total"] == 0


def trial_of(sandbox: SandboxUnderTest, event: Any) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.control("POST", "/segment/destinations/Trustpilot/test", event)
    return found


def test_the_tester_shows_request_and_response_and_keeps_nothing(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    destination.say = [Say(429, b'{"message": "Slowly."}')]
    found = trial_of(connected, an_order())
    [call] = found["calls"]
    assert (found["sent"], call["meaning"]) == (True, "retried")
    assert (call["response"]["status"], call["response"]["body"]) == (429, {"message": "Slowly."})
    assert call["request"]["body"]["properties"]["order_id"] == "1001"
    connected.advance("4h")
    assert len(destination.received) == 1
    assert connected.rows("segment/events") == connected.rows("segment/deliveries") == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({**an_order(), "integrations": {"All": False}}, "FILTERED_BY_INTEGRATIONS_OBJECT"),
        ({"type": "group", "userId": "u"}, "UNSUPPORTED_EVENT_TYPE"),
        ({"type": "track", "userId": "u"}, "event_not_defined"),
        ({}, "missing_type"),
    ],
)
def test_the_tester_applies_checks_and_filters(
    connected: SandboxUnderTest, destination: StubDestination, event: Any, reason: str
) -> None:
    found = trial_of(connected, event)
    assert (found["sent"], found["reason"], destination.received) == (False, reason, [])


def test_the_tester_never_leaves_this_machine(sandbox: SandboxUnderTest) -> None:
    sandbox.connect("https://destination.example.com/")
    found = trial_of(sandbox, an_order())
    assert (found["sent"], found["reason"]) == (False, "NOT_ON_THIS_MACHINE")
    assert sandbox.control("GET", "/journal?direction=out")["total"] == 0


def test_a_replay_goes_to_one_destination_even_a_disabled_one(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.connect(destination.url, enabled=False)
    for number in range(3):
        sandbox.track({**an_order(order_id=str(number)), "messageId": f"m-{number}", "integrations": {"All": True}})
    sandbox.settle()
    made = sandbox.control("POST", "/segment/destinations/Trustpilot/replay", {"messageIds": ["m-0", "m-2"]})
    assert made["replayed"] == 2
    sandbox.settle()
    assert sorted(entry.event["messageId"] for entry in destination.received) == ["m-0", "m-2"]
    assert all(entry.event["integrations"] == {"All": False, "Trustpilot": True} for entry in destination.received)
    found = sandbox.control("GET", "/segment/destinations/Trustpilot/event-delivery")
    assert found["delivered"] == 0, "what is replayed does not appear in Event Delivery"
    assert sandbox.control("GET", "/segment/overview")["since"]["successful-delivery"] == 0
    ways = sandbox.control("GET", "/segment/events/m-0/pipeline")["ways"]
    assert [(way["replay"], way["steps"][-1]["state"]) for way in ways] == [(False, "stopped"), (True, "delivered")]


def test_a_replay_can_be_bounded_in_time(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.track(an_order(order_id="early"))
    connected.advance("1h")
    since = connected.control("GET", "/clock")["now"]
    connected.track(an_order(order_id="late"))
    connected.settle()
    made = connected.control("POST", "/segment/destinations/Trustpilot/replay", {"since": since})
    connected.settle()
    assert made["replayed"] == 1
    assert [entry.event["properties"]["order_id"] for entry in destination.received] == ["early", "late", "late"]


def test_what_is_on_its_way_is_said_to_be(connected: SandboxUnderTest, destination: StubDestination) -> None:
    release = threading.Event()
    destination.say = [Say(wait_for=release)]
    connected.track({**an_order(), "messageId": "m-1"})
    found = connected.control("GET", "/segment/events/m-1/pipeline")
    assert found["answer"] == "It is on its way."
    assert connected.control("GET", "/segment/overview")["since"]["pending"] == 1
    release.set()
    connected.settle()
    assert connected.control("GET", "/segment/overview")["since"]["pending"] == 0
