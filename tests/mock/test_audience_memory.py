"""What audiences remember: counted as bytes, pruned to what still counts, and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment import audiences
from tpmock.segment.audiences import Audiences
from tpmock.segment.model import Audience

from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest

RULE = {"event": "Order Completed", "within": "P30D"}
FOREVER = {"event": "Order Completed"}
TRAIT = {"computes": "trait", "event": "Order Completed"}


class Shop(SandboxUnderTest):
    """A sandbox in this process, whose memory can be looked at."""

    def __init__(self, door: InProcess, judge: Judge) -> None:
        super().__init__(door, judge)
        self.door = door

    @property
    def sandbox(self) -> Sandbox:
        """What the control API calls the same; another one after a restore."""
        found = self.door.mock.sandboxes.get(self.id)
        assert found is not None
        return found

    @property
    def held(self) -> Audiences:
        """Its audiences."""
        return self.sandbox.workspace.audiences

    def put(self, name: str, definition: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self.control("PUT", f"/segment/audiences/{name}", definition)
        return made

    def buy(self, user: str, email: str = "", **more: Any) -> None:
        properties = {"order_id": "1", "email": email or f"{user}@example.com"}
        assert self.track({"event": "Order Completed", "userId": user, "properties": properties, **more}).status == 200

    def reweighed(self) -> int:
        """What all weigh when they are weighed again."""
        for name in self.held:
            self.held.reweigh(name)
        return self.held.weight


@pytest.fixture
def shop(judge: Judge) -> Iterator[Shop]:
    door = InProcess()
    shop = Shop(door, judge)
    shop.control("POST", "/clock/freeze", {})
    yield shop
    door.close()


def the(shop: Shop, name: str) -> Audience:
    return shop.held[name]


def small(judge: Judge) -> tuple[InProcess, Shop]:
    door = InProcess()
    return door, Shop(door, judge)


def test_bytes_are_counted_as_they_come_and_go(shop: Shop) -> None:
    used = shop.sandbox.memory.used - shop.held.weight
    shop.put("Listed", {"members": [{"userId": "a", "emails": ["a@example.com"]}, {"userId": "b"}]})
    for name, rule in {"Rule": RULE, "Forever": FOREVER, "Trait": TRAIT}.items():
        shop.put(name, rule)
    for number in range(6):
        shop.buy(f"u{number % 3}", email=f"{number}@example.com")
    grown = shop.held.weight
    assert shop.reweighed() == grown > 0
    assert shop.sandbox.memory.used - grown > used
    shop.advance("PT9H")
    assert shop.reweighed() == shop.held.weight
    shop.put("Listed", {"members": [{"userId": "b"}]})
    shop.advance("P40D")
    emptied = shop.held.weight
    assert shop.reweighed() == emptied < grown
    for name in ("Listed", "Rule", "Forever", "Trait"):
        shop.control("DELETE", f"/segment/audiences/{name}")
    assert shop.held.weight == 0


@pytest.mark.parametrize(
    ("definition", "kept", "later", "told"),
    [
        (RULE, 1, 0, [True, False]),
        (FOREVER, 1, 1, [True]),
        (TRAIT, 5, 5, [5]),
        (TRAIT | {"within": "P30D"}, 5, 0, [5, 0]),
    ],
    ids=["audience within a time", "audience", "trait", "trait within a time"],
)
def test_only_moments_that_still_count_are_kept(
    shop: Shop, definition: dict[str, Any], kept: int, later: int, told: list[Any]
) -> None:
    shop.put("One", definition)
    for _ in range(5):
        shop.buy("ada")
        shop.advance("PT1M")
    assert len(the(shop, "One").times["ada"]) == kept
    shop.advance("P40D")
    one = the(shop, "One")
    assert len(one.times.get("ada", [])) == later
    assert bool(one.told) == bool(one.emails) == bool(later)
    values = [row["message"]["traits"]["one"] for row in shop.rows("segment/events") if row["type"] == "identify"]
    assert [(type(value), value) for value in values] == [(type(value), value) for value in told]


def test_an_event_of_the_future_counts_when_its_time_has_come(shop: Shop) -> None:
    shop.put("One", RULE)
    now = datetime.fromisoformat(shop.control("GET", "/clock")["now"])
    shop.buy("ada", timestamp=(now + timedelta(days=365)).isoformat())
    shop.buy("ada")
    assert len(the(shop, "One").times["ada"]) == 2
    shop.advance("P40D")
    [row] = shop.rows("segment/audiences")
    assert (row["values"], len(the(shop, "One").times["ada"])) == ({}, 1)
    shop.advance("P330D")
    [row] = shop.rows("segment/audiences")
    assert row["values"] == {"ada": True}


def test_who_left_a_list_is_forgotten_once_that_is_reported(shop: Shop) -> None:
    for number in range(5):
        shop.put("Listed", {"members": [{"userId": f"u{number}", "emails": [f"u{number}@example.com"]}]})
        shop.advance("PT6H")
    assert audiences.users(the(shop, "Listed")) == {"u4"}


def test_lists_that_are_replaced_before_a_sync_leave_nothing(shop: Shop) -> None:
    for number in range(5):
        shop.put("Listed", {"members": [{"userId": f"u{number}", "emails": [f"u{number}@example.com"]}]})
    assert audiences.users(the(shop, "Listed")) == {"u4"}


@pytest.mark.parametrize("name", ["MOST_MOMENTS", "MOST_EMAILS"])
def test_a_profile_is_bounded_and_keeps_the_latest(shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(audiences, name, 3)
    shop.put("Total", TRAIT)
    for number in range(5):
        shop.buy("ada", email=f"{number}@example.com")
        shop.advance("PT1M")
    total = the(shop, "Total")
    assert len(total.times["ada"]) == (3 if name == "MOST_MOMENTS" else 5)
    assert total.emails["ada"][-1] == "4@example.com"
    assert len(total.emails["ada"]) == (3 if name == "MOST_EMAILS" else 5)
    assert shop.reweighed() == shop.held.weight


def test_the_longest_unseen_profiles_of_the_largest_are_dropped(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiences, "MOST_BYTES", 12_000)
    door, shop = small(judge)
    shop.put("Rule", FOREVER)
    shop.put("Other", {"event": "Order Refunded"})
    shop.put("Listed", {"members": [{"userId": "kept"}]})
    for number in range(40):
        shop.buy(f"u{number}")
        assert shop.held.weight <= 12_000
    shop.buy("u30")
    known = list(the(shop, "Rule").times)
    assert known[-1] == "u30"
    assert known[:-1] == [f"u{number}" for number in range(40 - len(known), 40) if number != 30]
    assert shop.control("GET", "")["dropped"]["audiences"] == 40 - len(known) > 0
    assert the(shop, "Listed").listed == ["kept"]
    assert shop.reweighed() == shop.held.weight
    door.close()


def test_profiles_go_when_the_sandbox_is_full(judge: Judge) -> None:
    door, shop = small(judge)
    shop.put("Rule", FOREVER)
    for number in range(20):
        shop.buy(f"u{number}")
    weight = shop.held.weight
    shop.sandbox.memory.shrink(shop.sandbox.memory.used)
    assert list(the(shop, "Rule").times) == ["u19"]
    assert shop.held.weight < weight
    door.close()


def test_definitions_and_lists_beyond_their_half_are_refused(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiences, "MOST_BYTES", 20_000)
    door, shop = small(judge)
    members = [{"userId": f"u{number}", "emails": [f"u{number}@example.com"]} for number in range(8)]
    shop.put("One", {"members": members})
    path = f"/_mock/sandboxes/{shop.id}/segment/audiences"
    for definition in ({"members": members}, {"event": "x" * 20_000}):
        refused = shop.call("PUT", f"{path}/Two", data=definition)
        assert refused.status == 400
        assert "too large together" in refused.json["detail"]
    assert [row["name"] for row in shop.rows("segment/audiences")] == ["One"]
    assert shop.put("One", {"members": members})["size"] == 8
    shop.control("DELETE", "/segment/audiences/One")
    assert shop.put("Two", {"members": members})["size"] == 8
    door.close()


def test_a_snapshot_brings_audiences_back_with_their_weight(shop: Shop) -> None:
    shop.put("Rule", RULE)
    shop.buy("ada")
    weight = shop.held.weight
    shop.control("PUT", "/snapshots/before")
    shop.buy("bob")
    assert shop.held.weight > weight
    shop.control("POST", "/snapshots/before/restore")
    [row] = shop.rows("segment/audiences")
    assert row["values"] == {"ada": True}
    assert 0 < shop.held.weight <= weight
    shop.buy("bob")
    assert shop.reweighed() == shop.held.weight > weight
