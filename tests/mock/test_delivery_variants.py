"""Where the sources disagree about delivery, a switch decides; what it switches, seen at a real destination."""

from __future__ import annotations

import threading

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination


@pytest.fixture
def connected(sandbox: SandboxUnderTest, destination: StubDestination) -> SandboxUnderTest:
    sandbox.connect(destination.url)
    return sandbox


@pytest.mark.parametrize(
    ("policy", "status", "state"),
    [
        ("actions", 408, "awaiting-retry"),
        ("classic", 408, "discarded"),
        ("support-article", 410, "awaiting-retry"),
        ("partner-faq", 501, "awaiting-retry"),
        ("webhooks", 429, "discarded"),
    ],
)
def test_the_retry_policy_is_a_variant(
    connected: SandboxUnderTest, destination: StubDestination, policy: str, status: int, state: str
) -> None:
    connected.control("PATCH", "/variants", {"retry_policy": policy})
    destination.say = [Say(status)]
    connected.track(an_order())
    connected.settle()
    [row] = connected.rows("segment/deliveries")
    assert row["state"] == state


def test_six_attempts_is_a_variant(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.control("PATCH", "/variants", {"retry_schedule": "six-attempts"})
    destination.say = [Say(503)]
    connected.track(an_order())
    connected.advance("5h")
    [row] = connected.rows("segment/deliveries")
    assert (row["state"], len(row["attempts"]), len(destination.received)) == ("discarded", 6, 6)


def test_shuffled_events_arrive_in_another_order(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.control("PATCH", "/variants", {"delivery_order": "shuffled"})
    connected.control("POST", "/clock/freeze")
    sent = [str(number) for number in range(12)]
    connected.track({"batch": [an_order(order_id=number) for number in sent]}, "/v1/batch")
    connected.settle()
    assert destination.received == []
    connected.advance("1m")
    arrived = [entry.event["properties"]["order_id"] for entry in destination.received]
    assert sorted(arrived) == sorted(sent)
    assert arrived != sent


def test_after_a_time_out_the_same_event_comes_again(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.control("PATCH", "/variants", {"delivery_timeout": "PT0.3S"})
    release = threading.Event()
    destination.say = [Say(wait_for=release), Say()]
    connected.track({**an_order(), "messageId": "m-1"})
    connected.settle()
    release.set()
    connected.advance("10m")
    assert [entry.event["messageId"] for entry in destination.received] == ["m-1", "m-1"]
