from __future__ import annotations

from typing import Any

import pytest
from tpmock.kit.cases import base_events
from tpmock.kit.vocabulary.observation import order_of, personal_data


@pytest.mark.parametrize(
    ("properties", "order"),
    [
        ({"order_id": "A-1"}, "A-1"),
        ({"orderId": " A-1 "}, "A-1"),
        ({"Order_ID": 1001}, "1001"),
        ({"order_id": True}, None),
        ({"order_id": ""}, None),
        ({"order_id": ["A-1"]}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_order_of_an_event(properties: Any, order: str | None) -> None:
    assert order_of({"event": "Order Completed", "properties": properties}) == order


def test_only_completed_orders_have_one() -> None:
    assert order_of({"event": "Order Refunded", "properties": {"order_id": "A-1"}}) is None
    assert order_of([]) is None


def test_personal_data_is_found_wherever_segment_puts_it() -> None:
    assert set(personal_data(base_events.load("order-completed"))) == {"test@example.com", "John", "Johnson"}
    assert set(personal_data(base_events.load("identify-audience"))) == {"buyer.audience@example.com"}
    assert set(personal_data(base_events.load("track-audience-entered"))) == {"buyer.audience@example.com"}


def test_two_letters_are_no_personal_data() -> None:
    assert list(personal_data({"properties": {"name": "Bo"}})) == []
