"""When Segment tries again and when it gives up, at the exact moment, with the answers played in process."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest
from tpmock.core.random_ids import RandomSource
from tpmock.outbound.http_client import HttpReply
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment import delivery, retries
from tpmock.segment.model import Attempt, Delivery, Destination, Event, Source
from tpmock.segment.workspace import Workspace

HOUR: Final = 3600.0
ORDER: Final = {"type": "track", "event": "Order Completed", "userId": "u", "messageId": "m", "context": {}}


class Middle(RandomSource):
    """Chance without chance: always the middle."""

    def between(self, low: float, high: float) -> float:
        return (low + high) / 2


class Longest(RandomSource):
    """Always the longest."""

    def between(self, low: float, high: float) -> float:
        return max(low, high)


def destination(**changes: Any) -> Destination:
    fields: dict[str, Any] = {
        "name": "Trustpilot",
        "url": "http://127.0.0.1:9",
        "settings": {},
        "enabled": True,
        "id": "d",
        "integration": "Trustpilot",
    }
    return Destination(**{**fields, **changes})


@pytest.fixture(autouse=True)
def _scheduler_at_rest(universe: Sandbox) -> Iterator[None]:
    """The tests themselves start attempts and answer them."""
    with universe.scheduler.paused():
        yield


def started(workspace: Workspace, **changes: Any) -> Delivery:
    to = destination(**changes)
    workspace.destinations = {to.id: to}
    event = Event(workspace.next_id(), {**ORDER, "integrations": {}}, "Shop", workspace.now(), "trace")
    delivery.dispatch(workspace, event)
    return next(reversed(workspace.deliveries.values()))


def answered(workspace: Workspace, one: Delivery, status: int | None, error: str | None = None) -> None:
    delivery._attempt(workspace, str(one.id))
    reply = HttpReply(status, {}, b"", error, 1.0)
    attempt = retries.attempt(reply, workspace.now())
    verdict, _ = retries.classify(reply, workspace.variants["retry_policy"])
    delivery._finish(workspace, one, attempt, verdict)


# --- the waits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tries", "wait"),
    [(1, 30.0), (2, 60.0), (3, 120.0), (7, 1920.0), (8, 3600.0), (9, 3600.0), (50, 3600.0)],
)
def test_waits_double_up_to_an_hour(tries: int, wait: float) -> None:
    assert retries.wait("four-hours", tries, Middle(0)) == wait


@pytest.mark.parametrize("tries", range(1, 10))
def test_a_wait_varies_by_half(tries: int) -> None:
    mean = retries.wait("four-hours", tries, Middle(0)) or 0
    found = [retries.wait("four-hours", tries, RandomSource(seed)) or 0 for seed in range(400)]
    assert 0.5 * mean <= min(found) < 0.55 * mean
    assert 1.45 * mean < max(found) <= 1.5 * mean


def test_six_attempts_fill_the_window_when_no_wait_is_shortened() -> None:
    waits = [retries.wait("six-attempts", tries, Longest(0)) for tries in range(1, 8)]
    assert waits[5:] == [None, None]
    known = [wait for wait in waits if wait is not None]
    assert sum(known) == pytest.approx(4 * HOUR)
    assert [later / earlier for earlier, later in pairwise(known)] == pytest.approx([2.0] * 4)
    assert min(retries.wait("six-attempts", 1, RandomSource(seed)) or 0 for seed in range(400)) >= 0.8 * known[0]


@pytest.mark.parametrize(
    ("since", "state"),
    [(4 * HOUR - 30.001, "awaiting-retry"), (4 * HOUR - 30.0, "awaiting-retry"), (4 * HOUR - 29.999, "discarded")],
)
def test_the_last_retry_is_within_four_hours_of_the_first_attempt(
    universe: Sandbox, since: float, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = universe.workspace
    monkeypatch.setattr(workspace, "random", Middle(0))
    monkeypatch.setattr(Middle, "branch", lambda self, _: self)
    one = started(workspace)
    universe.clock.move_to(one.started_at + since)
    answered(workspace, one, 503)
    assert (one.state, one.tries) == (state, 1)
    assert one.next_attempt_at == (one.started_at + since + 30.0 if state == "awaiting-retry" else None)
    assert (one.id in workspace.under_way) == (state == "awaiting-retry")


@pytest.mark.parametrize(
    ("status", "error", "state", "reason"),
    [
        (200, None, "delivered", None),
        (202, None, "delivered", None),
        (400, None, "discarded", "errors.discarded.400"),
        (302, None, "discarded", "errors.discarded.302"),
        (503, None, "awaiting-retry", "errors.awaiting-retry.503"),
        (None, "ECONNREFUSED", "awaiting-retry", "errors.awaiting-retry.ECONNREFUSED"),
        (None, "ETIMEDOUT", "awaiting-retry", "errors.awaiting-retry.ETIMEDOUT"),
    ],
)
def test_what_an_answer_makes_of_a_delivery(
    workspace: Workspace, status: int | None, error: str | None, state: str, reason: str | None
) -> None:
    one = started(workspace)
    answered(workspace, one, status, error)
    assert (one.state, one.reason, one.tries) == (state, reason, int(state == "awaiting-retry"))
    assert [(attempt.status, attempt.error) for attempt in one.attempts] == [(status, error)]
    assert (one.id in workspace.under_way) == (state == "awaiting-retry")


def test_a_delivery_that_succeeds_at_last_has_no_reason(workspace: Workspace) -> None:
    one = started(workspace)
    answered(workspace, one, 503)
    answered(workspace, one, 500)
    answered(workspace, one, 200)
    assert (one.state, one.reason, one.tries, len(one.attempts)) == ("delivered", None, 2, 3)


@pytest.mark.parametrize("itself", [True, False])
def test_an_attempt_asks_for_its_order_and_goes_out_unless_it_is_for_the_mock(*, itself: bool) -> None:
    made = retries.request(
        "http://127.0.0.1:9", {"A": "b"}, b"{}", 5.0, "trace", **({"itself": True} if itself else {})
    )
    assert (made.url, made.headers, made.body, made.timeout) == ("http://127.0.0.1:9", {"A": "b"}, b"{}", 5.0)
    assert (made.trace, made.asks, made.itself) == ("trace", True, itself)


# --- what is stored of an answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("application/json", b'{"message": "No such order"}', "No such order"),
        ("application/problem+json", b'{"message": "No such order"}', "No such order"),
        ("text/plain", b'{"message": "No such order"}', None),
        ("application/json", b'{"message": 7}', None),
        ("application/json", b'["message"]', None),
        ("application/json", b"{", None),
        ("application/json", b"[" * 100_000, None),
        ("application/json", b"{}", None),
    ],
)
def test_the_message_of_an_answer(content_type: str, body: bytes, said: str | None) -> None:
    attempt = retries.attempt(
        HttpReply(400, {"Content-Type": content_type}, body, None, 1.0), 5.0, "http://127.0.0.1:9"
    )
    assert attempt == Attempt(5.0, 400, None, said, 1.0, body[:1_000].decode(), "http://127.0.0.1:9")


def test_an_answer_that_is_no_text_is_stored_as_far_as_it_can_be_read() -> None:
    assert retries.attempt(HttpReply(200, {}, b"\xff\xfeok", None, 1.0), 0.0).answer == "\ufffd\ufffdok"


# --- to whom ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, "pending", None),
        ({"enabled": False}, "filtered", "DESTINATION_DISABLED"),
        ({"url": "", "integration": "Unknown"}, "filtered", "NO_ENDPOINT"),
    ],
)
def test_a_delivery_begins_where_it_can(
    workspace: Workspace, changes: dict[str, Any], state: str, reason: str | None
) -> None:
    one = started(workspace, **changes)
    assert (one.state, one.reason) == (state, reason)
    assert (one.id in workspace.under_way) == (state == "pending")


def test_an_event_goes_to_the_destinations_of_its_source_and_of_all(workspace: Workspace) -> None:
    [source, *_] = workspace.sources.values()
    workspace.add_source(Source(id="another", name="Another", slug="another", write_keys=["k" * 32], enabled=True))
    sources = {"all": None, "own": source.id, "other": "another"}
    workspace.destinations = {name: destination(id=name, name=name, source=of) for name, of in sources.items()}
    event = Event(workspace.next_id(), {**ORDER, "integrations": {}}, source.name, workspace.now(), "trace")
    delivery.dispatch(workspace, event)
    assert [one.destination.id for one in workspace.deliveries.values()] == ["all", "own"]


@pytest.mark.parametrize(
    ("policy", "kind", "sent"),
    [
        ("track", "track", True),
        ("track", "identify", False),
        ("track-identify", "identify", True),
        ("track-identify", "page", False),
        ("all", "group", True),
        ("all", "alias", False),
        ("all", "screen", False),
    ],
)
def test_which_types_a_direct_destination_gets(universe: Sandbox, policy: str, kind: str, *, sent: bool) -> None:
    universe.variants["delivered_types"] = policy
    event = Event(1, {**ORDER, "type": kind, "integrations": {}}, "Shop", 0.0, "trace")
    reason = delivery.filtered(universe.workspace, Delivery(2, event, destination(), 0.0))
    assert reason == (None if sent else "UNSUPPORTED_EVENT_TYPE")
