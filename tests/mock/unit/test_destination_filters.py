"""What destination filters leave of a message."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tpmock.core.random_ids import RandomSource
from tpmock.segment import filters
from tpmock.segment.fql import FqlError
from tpmock.segment.model import Filter

MESSAGE: dict[str, Any] = {
    "type": "track",
    "userId": "customer-1",
    "event": "Order Completed",
    "properties": {
        "email": "ada@example.com",
        "total": 27.5,
        "products": [{"sku": "1", "price": 3}, {"sku": "2", "price": 4}],
    },
    "context": {"ip": "192.0.2.1", "traits": {"email": "ada@example.com"}},
}


def a_filter(*actions: dict[str, Any], condition: str = "type = 'track'", enabled: bool = True) -> Filter:
    return Filter(
        id="f",
        title="A filter",
        condition=condition,
        actions=list(actions),
        description=None,
        enabled=enabled,
        created_at=0,
        updated_at=0,
    )


def left(*wanted: Filter, message: dict[str, Any] = MESSAGE, seed: int = 0) -> dict[str, Any] | None:
    return filters.applied(wanted, message, RandomSource(seed))


def test_without_a_filter_that_fits_the_very_message_goes() -> None:
    unfit = a_filter({"type": "DROP"}, condition="type = 'page'")
    switched_off = a_filter({"type": "DROP"}, enabled=False)
    assert left() is MESSAGE
    assert left(unfit, switched_off) is MESSAGE


def test_a_message_is_dropped() -> None:
    assert left(a_filter({"type": "DROP"})) is None


def test_properties_are_dropped_at_any_path_and_from_every_item() -> None:
    before = copy.deepcopy(MESSAGE)
    fields = {"properties": ["email"], "context.traits": ["email"], "properties.products": ["price"], "": ["userId"]}
    changed = left(a_filter({"type": "DROP_PROPERTIES", "fields": fields}))
    assert changed == {
        "type": "track",
        "event": "Order Completed",
        "properties": {"total": 27.5, "products": [{"sku": "1"}, {"sku": "2"}]},
        "context": {"ip": "192.0.2.1", "traits": {}},
    }
    assert before == MESSAGE


def test_only_some_properties_are_allowed() -> None:
    changed = left(a_filter({"type": "ALLOW_PROPERTIES", "fields": {"properties": ["total"]}}))
    assert changed is not None
    assert changed["properties"] == {"total": 27.5}
    assert changed["userId"] == "customer-1"


def test_the_older_form_of_fields_is_understood() -> None:
    changed = left(a_filter({"type": "ALLOW_PROPERTIES", "fields": {"properties": {"fields": ["total"]}}}))
    assert changed is not None
    assert changed["properties"] == {"total": 27.5}


def test_a_path_that_leads_nowhere_changes_nothing() -> None:
    fields = {"properties.nothing": ["x"], "event": ["x"], "properties.total": ["x"]}
    assert left(a_filter({"type": "DROP_PROPERTIES", "fields": fields})) == MESSAGE


def test_dropping_comes_before_cutting_whatever_the_order_of_filters() -> None:
    cut = a_filter({"type": "DROP_PROPERTIES", "fields": {"properties": ["total"]}})
    drop = a_filter({"type": "DROP"}, condition="properties.total > 20")
    assert left(cut, drop) is None


def test_a_sample_by_chance_is_about_as_large_as_asked_for() -> None:
    chance = RandomSource(1)
    kept = [filters.applied([a_filter({"type": "SAMPLE", "percent": 0.25})], MESSAGE, chance) for _ in range(1_000)]
    assert 200 <= sum(one is not None for one in kept) <= 300


def test_a_sample_by_path_lets_all_events_of_a_user_share_one_fate() -> None:
    sample = a_filter({"type": "SAMPLE", "percent": 0.5, "path": "userId"})

    def fate(user: int, seed: int) -> bool:
        return left(sample, message={**MESSAGE, "userId": f"user-{user}"}, seed=seed) is not None

    fates = [fate(user, seed=1) for user in range(200)]
    assert fates == [fate(user, seed=2) for user in range(200)]
    assert 70 <= sum(fates) <= 130


@pytest.mark.parametrize("condition", ['userId = oops"', "event > 3"])
def test_what_cannot_be_decided_keeps_everything_back(condition: str) -> None:
    with pytest.raises(FqlError):
        left(a_filter({"type": "DROP_PROPERTIES", "fields": {"properties": ["email"]}}, condition=condition))
