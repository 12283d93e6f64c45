"""The number of parallel deliveries, and the deliveries that have to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from tpmock.sandbox.scheduler import MAX_RUNNING

from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination

MANY = 3 * MAX_RUNNING


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread or process brings about."""
    ending = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ending, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def held(sandbox: SandboxUnderTest, destination: StubDestination) -> threading.Event:
    """A sandbox with many events for a destination that does not answer until this is set."""
    release = threading.Event()
    destination.say = [Say(wait_for=release)]
    sandbox.connect(destination.url)
    batch = {"batch": [an_order(order_id=str(number)) for number in range(MANY)]}
    sandbox.track(batch, "/v1/batch")
    until(lambda: len(destination.received) == MAX_RUNNING)
    return release


def test_so_many_are_on_their_way_at_once_and_no_more(
    sandbox: SandboxUnderTest, destination: StubDestination, held: threading.Event
) -> None:
    states = [row["state"] for row in sandbox.rows("segment/deliveries")]
    assert (len(destination.received), set(states)) == (MAX_RUNNING, {"pending"})
    held.set()
    sandbox.settle()
    assert [row["state"] for row in sandbox.rows("segment/deliveries")] == ["delivered"] * MANY
    assert len(destination.received) == MANY


def test_a_destination_that_hangs_holds_up_its_own_sandbox_only(
    new_sandbox: Callable[..., SandboxUnderTest], held: threading.Event
) -> None:
    other = new_sandbox()
    with StubDestination() as prompt:
        other.connect(prompt.url)
        other.track(an_order())
        other.settle()
        assert len(prompt.received) == 1
    held.set()


def test_advancing_first_catches_up_several_at_a_time(
    sandbox: SandboxUnderTest, destination: StubDestination, held: threading.Event
) -> None:
    held.set()
    sandbox.advance("1s")
    assert len(destination.received) == MANY


def test_a_reset_lets_go_of_what_is_on_its_way(
    sandbox: SandboxUnderTest, destination: StubDestination, held: threading.Event
) -> None:
    sandbox.control("POST", "/reset")
    held.set()
    sandbox.settle()
    assert sandbox.rows("segment/deliveries") == []
    assert len(destination.received) == MAX_RUNNING


def test_what_waits_for_room_is_shown_as_overdue_with_the_reason(
    sandbox: SandboxUnderTest, held: threading.Event
) -> None:
    until(lambda: sandbox.control("GET", "/clock")["overdue"] is not None)
    overdue = sandbox.control("GET", "/clock")["overdue"]
    assert overdue["seconds"] >= 1
    assert f"{MAX_RUNNING} requests of this sandbox are in flight" in overdue["reason"]
    held.set()
    sandbox.settle()
    assert sandbox.control("GET", "/clock")["overdue"] is None
