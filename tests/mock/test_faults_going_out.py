"""Faults of what a sandbox sends: Segment's deliveries and Trustpilot's webhooks, without really waiting."""

from __future__ import annotations

import pytest

from tests.mock.test_faults import arm
from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import StubDestination
from tests.support.webhooks import judged

CODES = [("timeout", "ETIMEDOUT"), ("refused", "ECONNREFUSED"), ("reset", "ECONNRESET"), ("dns", "ENOTFOUND")]


@pytest.mark.parametrize(("words", "error"), CODES)
def test_a_delivery_that_fails_is_tried_again(
    sandbox: SandboxUnderTest, destination: StubDestination, words: str, error: str
) -> None:
    sandbox.connect(destination.url)
    arm(sandbox, f"deliver {words} x2 then ok")
    sandbox.track(an_order())
    sandbox.settle()
    [delivery] = sandbox.rows("segment/deliveries")
    assert (delivery["state"], delivery["reason"]) == ("awaiting-retry", f"errors.awaiting-retry.{error}")
    assert destination.received == []
    sandbox.advance("4h")
    [delivery] = sandbox.rows("segment/deliveries")
    assert [attempt["error"] for attempt in delivery["attempts"]] == [error, error, None]
    assert (delivery["state"], len(destination.received)) == ("delivered", 1)
    entries = sandbox.control("GET", "/journal?operation=deliver")["journal"]
    assert [(entry["fault"], entry["effect"], entry["error"]) for entry in entries] == [
        (1, words, error),
        (1, words, error),
        (None, None, None),
    ]


@pytest.mark.parametrize("words", ["timeout after", "reset after", "503 after"])
def test_a_delivery_whose_answer_is_lost_arrives_twice(
    sandbox: SandboxUnderTest, destination: StubDestination, words: str
) -> None:
    sandbox.connect(destination.url)
    arm(sandbox, f"deliver {words}")
    sandbox.track(an_order())
    sandbox.settle()
    assert len(destination.received) == 1
    sandbox.advance("4h")
    [delivery] = sandbox.rows("segment/deliveries")
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 2)
    first, second = destination.received
    assert first.event["messageId"] == second.event["messageId"]


@pytest.mark.parametrize(
    ("status", "state"), [(500, "awaiting-retry"), (429, "awaiting-retry"), (400, "discarded"), (401, "discarded")]
)
def test_a_status_nobody_sent_counts_as_if_the_destination_had(
    sandbox: SandboxUnderTest, destination: StubDestination, status: int, state: str
) -> None:
    sandbox.connect(destination.url)
    arm(sandbox, f"deliver {status}")
    sandbox.track(an_order())
    sandbox.settle()
    [delivery] = sandbox.rows("segment/deliveries")
    assert (delivery["state"], delivery["attempts"][0]["status"]) == (state, status)
    assert destination.received == []


def test_one_event_among_others_can_be_meant(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.connect(destination.url)
    arm(sandbox, "deliver 400 always where properties.order_id=2")
    for number in ("1", "2", "3"):
        sandbox.track(an_order(order_id=number))
    sandbox.settle()
    assert sorted(one.event["properties"]["order_id"] for one in destination.received) == ["1", "3"]


def test_what_comes_in_does_not_meet_a_fault_of_what_goes_out(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.connect(destination.url)
    arm(sandbox, "any 503 always")
    arm(sandbox, "webhook 503 always")
    sandbox.control("DELETE", "/faults/1")
    sandbox.track(an_order())
    sandbox.settle()
    assert len(destination.received) == 1


@pytest.mark.parametrize(("words", "arrivals"), [("timeout", 1), ("timeout after", 2), ("refused", 1), ("500", 1)])
def test_a_webhook_that_fails_is_posted_again(
    sandbox: SandboxUnderTest, destination: StubDestination, words: str, arrivals: int
) -> None:
    subscription = {"event": "service-review-created", "url": destination.url}
    sandbox.control("POST", "/webhook-subscriptions", subscription)
    arm(sandbox, f"webhook {words}")
    sandbox.control("POST", "/reviews", {"stars": 4, "title": "Fine", "text": "Good."})
    sandbox.settle()
    [webhook] = sandbox.rows("webhooks")
    assert (webhook["state"], len(webhook["attempts"])) == ("pending", 1)
    sandbox.advance("1h")
    [webhook] = sandbox.rows("webhooks")
    assert (webhook["state"], len(webhook["attempts"])) == ("delivered", 2)
    assert len({judged(one.event)["eventData"]["id"] for one in destination.received}) == 1
    assert len(destination.received) == arrivals
