"""What an event becomes on its way to a destination: connected or not, replayed, filtered, shuffled, by key."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from tpmock.outbound.http_client import HttpReply
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment import delivery, retries
from tpmock.segment.delivery import SHUFFLED_OVER
from tpmock.segment.model import Delivery, Destination, Event, Filter
from tpmock.segment.workspace import Workspace

from tests.mock.rules.conftest import NOW

ORDER: Final[dict[str, Any]] = {
    "type": "track",
    "event": "Order Completed",
    "userId": "u",
    "messageId": "m",
    "context": {},
    "integrations": {},
    "properties": {"order_id": "1001", "email": "ada@example.com"},
}


@pytest.fixture(autouse=True)
def _scheduler_at_rest(universe: Sandbox) -> Iterator[None]:
    """No attempt is made; the tests look at what is scheduled."""
    with universe.scheduler.paused():
        yield


def destination(name: str = "Trustpilot", **changes: Any) -> Destination:
    fields: dict[str, Any] = {"url": "http://127.0.0.1:9", "settings": {}, "enabled": True}
    return Destination(**{"name": name, "id": name, "integration": name, **fields, **changes})


def connected(workspace: Workspace, *destinations: Destination) -> None:
    workspace.destinations = {one.id: one for one in destinations}


def event(workspace: Workspace, trace: str = "trace", **changes: Any) -> Event:
    return Event(workspace.next_id(), {**ORDER, **changes}, "Shop", workspace.now(), trace)


def sent(workspace: Workspace, **changes: Any) -> Delivery:
    delivery.dispatch(workspace, event(workspace, **changes))
    return next(reversed(workspace.deliveries.values()))


def steps(universe: Sandbox, trace: str) -> list[tuple[Any, ...]]:
    kept = universe.traces.get(trace)
    assert kept is not None
    return [(step.what, step.join, *step.facts) for step in kept.steps]


# --- connected or not -------------------------------------------------------------------------------------------------


def test_an_event_of_a_source_without_destinations_is_recorded_as_not_connected(universe: Sandbox) -> None:
    trace = universe.traces.begin("messageId:m")
    connected(universe.workspace)
    delivery.dispatch(universe.workspace, event(universe.workspace, trace))
    assert steps(universe, trace) == [("not-connected", "messageId", "Shop")]
    assert list(universe.workspace.deliveries.values()) == []


def test_an_event_that_is_stopped_is_recorded_and_nothing_else(universe: Sandbox) -> None:
    trace = universe.traces.begin("messageId:m")
    connected(universe.workspace, destination(enabled=False))
    delivery.dispatch(universe.workspace, event(universe.workspace, trace))
    [(what, join, name, reason, *others)] = steps(universe, trace)
    assert (what, join, name, reason) == ("delivery-filtered", "messageId", "Trustpilot", "DESTINATION_DISABLED")
    assert others == [None, None, None]


# --- a replay ---------------------------------------------------------------------------------------------------------


def test_a_replay_sends_copies_to_one_destination_alone(workspace: Workspace) -> None:
    first, second = destination("Trustpilot"), destination("Other")
    connected(workspace, first, second)
    events = [event(workspace, integrations={"Other": True, "Trustpilot": False}), event(workspace, messageId="n")]
    made = delivery.replay(workspace, events, first)
    assert made == list(workspace.deliveries.values())
    assert [one.destination.id for one in made] == ["Trustpilot", "Trustpilot"]
    # Its own integrations object decided once; the replay is for this destination.
    assert [one.event.message["integrations"] for one in made] == [{"All": False, "Trustpilot": True}] * 2
    assert [one.event.message["messageId"] for one in made] == ["m", "n"]
    assert all(one.replay and one.state == "pending" and one.id in workspace.under_way for one in made)
    # The events themselves are as they were.
    assert events[0].message["integrations"] == {"Other": True, "Trustpilot": False}
    assert len({one.id for one in events} | {one.event.id for one in made}) == 4


def test_a_replay_reaches_a_destination_that_is_switched_off_and_counts_nothing(workspace: Workspace) -> None:
    off = destination(enabled=False, url="", integration="Unknown")
    connected(workspace, off)
    [one] = delivery.replay(workspace, [event(workspace)], off)
    assert (one.state, one.reason) == ("filtered", "NO_ENDPOINT")
    off.url = "http://127.0.0.1:9"
    [one] = delivery.replay(workspace, [event(workspace)], off)
    assert (one.state, one.reason) == ("pending", None)


# --- filters ----------------------------------------------------------------------------------------------------------


def a_filter(action: str, condition: str = "type = 'track'", **more: Any) -> Filter:
    return Filter(
        id="f",
        title="A filter",
        condition=condition,
        actions=[{"type": action, **more}],
        description=None,
        enabled=True,
        created_at=0,
        updated_at=0,
    )


@pytest.mark.parametrize(
    ("chosen", "reason", "left"),
    [
        (a_filter("DROP"), "FILTERED_BY_RULES", None),
        (a_filter("DROP", condition="event = 'Order Refunded'"), None, None),
        # A condition that is not valid for the message stops it, so that nothing is sent that it may hide.
        (a_filter("DROP", condition="type ="), "INTERNAL", None),
        (
            a_filter("DROP_PROPERTIES", fields={"properties": ["email"]}),
            None,
            {**ORDER, "properties": {"order_id": "1001"}},
        ),
    ],
)
def test_what_filters_of_a_destination_do(
    workspace: Workspace, chosen: Filter, reason: str | None, left: dict[str, Any] | None
) -> None:
    connected(workspace, destination(filters=[chosen]))
    one = sent(workspace)
    assert (one.state, one.reason) == ("pending" if reason is None else "filtered", reason)
    assert one.message == left
    assert one.outgoing.message == (left or ORDER)


# --- where to, and when -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "changes", "state", "reason"),
    [
        ("integration-key", {}, "pending", None),
        ("nowhere", {}, "filtered", "NO_ENDPOINT"),
        ("integration-key", {"integration": "Other"}, "filtered", "NO_ENDPOINT"),
    ],
)
def test_the_catalogs_destination_without_an_address_delivers_by_its_key(
    universe: Sandbox, variant: str, changes: dict[str, Any], state: str, reason: str | None
) -> None:
    universe.variants["catalog_delivery"] = variant
    connected(universe.workspace, destination(url="", **changes))
    one = sent(universe.workspace)
    assert (one.state, one.reason) == (state, reason)
    assert delivery.by_key(universe.workspace, one.destination) is (state == "pending")


@pytest.mark.parametrize("changes", [{"event": "Order Refunded"}, {"type": "identify"}])
def test_by_its_key_it_takes_orders_alone(workspace: Workspace, changes: dict[str, Any]) -> None:
    connected(workspace, destination(url=""))
    one = sent(workspace, **changes)
    assert (one.state, one.reason) == ("filtered", "UNSUPPORTED_EVENT_TYPE")


def test_the_address_of_the_catalog_counts_where_the_destination_has_none(workspace: Workspace) -> None:
    workspace.endpoints["Trustpilot"] = "http://127.0.0.1:8"
    assert delivery.address(workspace, destination(url="")) == "http://127.0.0.1:8"
    assert delivery.address(workspace, destination()) == "http://127.0.0.1:9"
    assert not delivery.by_key(workspace, destination(url=""))


def test_events_leave_at_once_in_their_order(workspace: Workspace) -> None:
    connected(workspace, destination())
    assert [sent(workspace).next_attempt_at for _ in range(3)] == [NOW] * 3


def test_shuffled_events_leave_within_a_minute_each_at_a_moment_of_its_own(universe: Sandbox) -> None:
    universe.variants["delivery_order"] = "shuffled"
    connected(universe.workspace, destination())
    made = [sent(universe.workspace) for _ in range(40)]
    waits = [(one.next_attempt_at or 0.0) - NOW for one in made]
    assert len(set(waits)) == len(waits)
    assert 0.0 <= min(waits) < 0.2 * SHUFFLED_OVER
    assert 0.8 * SHUFFLED_OVER < max(waits) <= SHUFFLED_OVER
    # The moment follows from the delivery, not from how many were sent before it.
    assert delivery._straying(universe.workspace, made[7]) == pytest.approx(waits[7], abs=1e-6)


# --- what is counted, recorded and kept -------------------------------------------------------------------------------


def answered(workspace: Workspace, one: Delivery, status: int) -> None:
    delivery._attempt(workspace, str(one.id))
    reply = HttpReply(status, {"Content-Type": "application/json"}, b'{"message": "Said."}', None, 1.0)
    verdict, _ = retries.classify(reply, workspace.variants["retry_policy"])
    delivery._finish(workspace, one, retries.attempt(reply, workspace.now()), verdict)


@pytest.mark.parametrize(
    ("statuses", "counted"),
    [
        ([200], ("successful-delivery", "Trustpilot", None, 0)),
        ([503, 200], ("successful-delivery", "Trustpilot", None, 1)),
        ([400], ("failed-delivery", "Trustpilot", "400", 0)),
        ([503], None),
    ],
)
def test_a_delivery_is_counted_once_when_it_ends(
    workspace: Workspace, statuses: list[int], counted: tuple[str, str, str | None, int] | None
) -> None:
    connected(workspace, destination())
    one = sent(workspace)
    for status in statuses:
        answered(workspace, one, status)
    rows = [
        (row.step, row.destination, row.reason and row.reason[-3:], row.retried) for row in workspace.counters.rows()
    ]
    assert rows == ([] if counted is None else [counted])
    assert all(row.total == 1 for row in workspace.counters.rows())


def test_an_event_that_is_filtered_is_counted_at_its_destination(workspace: Workspace) -> None:
    connected(workspace, destination(enabled=False))
    sent(workspace)
    [row] = workspace.counters.rows()
    assert (row.step, row.source, row.destination, row.total) == ("filtered-at-destination", "Shop", "Trustpilot", 1)


def test_a_replay_is_not_counted(workspace: Workspace) -> None:
    connected(workspace, destination())
    [one] = delivery.replay(workspace, [event(workspace)], destination())
    answered(workspace, one, 200)
    assert one.state == "delivered"
    assert list(workspace.counters.rows()) == []


@pytest.mark.parametrize(("status", "waiting"), [(200, 0), (400, 0), (503, 1)])
def test_only_a_delivery_that_has_not_ended_may_not_be_dropped(workspace: Workspace, status: int, waiting: int) -> None:
    connected(workspace, destination())
    one = sent(workspace)
    assert workspace.deliveries.waiting == 1
    weight = workspace.deliveries.weight
    answered(workspace, one, status)
    assert workspace.deliveries.waiting == waiting
    # The attempt with its answer is remembered, too.
    assert workspace.deliveries.weight > weight


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (200, "delivered", None),
        (400, "discarded", "errors.discarded.400"),
        (503, "awaiting-retry", "errors.awaiting-retry.503"),
    ],
)
def test_the_answer_of_a_destination_is_recorded(
    universe: Sandbox, status: int, state: str, reason: str | None
) -> None:
    trace = universe.traces.begin("messageId:m")
    connected(universe.workspace, destination())
    delivery.dispatch(universe.workspace, event(universe.workspace, trace))
    [one] = universe.workspace.deliveries.values()
    answered(universe.workspace, one, status)
    *_, last = steps(universe, trace)
    assert last == (f"delivery-{state}", "messageId", "Trustpilot", reason, status, "Said.", one.next_attempt_at)
    assert (one.next_attempt_at is None) == (state != "awaiting-retry")


@pytest.mark.parametrize(("replayed", "state"), [(False, "filtered"), (True, "pending")])
def test_a_destination_that_was_switched_off_meanwhile_gets_replays_alone(
    workspace: Workspace, *, replayed: bool, state: str
) -> None:
    to = destination()
    connected(workspace, to)
    one = delivery.replay(workspace, [event(workspace)], to)[0] if replayed else sent(workspace)
    to.enabled = False
    delivery._attempt(workspace, str(one.id))
    assert (one.state, one.reason) == (state, None if replayed else "DESTINATION_DISABLED")


def test_a_delivery_to_a_destination_that_was_removed_meanwhile_ends(workspace: Workspace) -> None:
    connected(workspace, destination())
    one = sent(workspace)
    workspace.destinations.clear()
    assert delivery._attempt(workspace, str(one.id)) is None
    assert (one.state, one.reason, one.next_attempt_at) == ("filtered", "DESTINATION_DISABLED", None)
    assert one.id not in workspace.under_way


@pytest.mark.parametrize(
    ("variant", "settings", "header"),
    [
        ("when-custom", {"apiKey": "key"}, None),
        ("when-custom", {"apiKey": "key", "delayDays": 7}, {"delayDays": 7}),
        ("always", {"apiKey": "key"}, {}),
        ("always", {"apiKey": "key", "delayDays": 7}, {"delayDays": 7}),
    ],
)
def test_settings_are_sent_in_a_header_without_the_key(
    universe: Sandbox, variant: str, settings: dict[str, Any], header: dict[str, Any] | None
) -> None:
    universe.variants["settings_header"] = variant
    workspace = universe.workspace
    [request] = delivery.requests(workspace, event(workspace), destination(settings=settings))
    told = request.headers.get("X-Segment-Settings")
    assert (None if told is None else json.loads(base64.b64decode(told))) == header
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"key:").decode()
    assert (request.url, request.trace) == ("http://127.0.0.1:9", "trace")
    assert json.loads(request.body) == ORDER
