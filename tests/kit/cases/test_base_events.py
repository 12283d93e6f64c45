from __future__ import annotations

import json

import pytest
from tpmock.kit.cases import base_events

EXPECTED = {
    "order-completed",
    "order-minimal",
    "order-strings-for-numbers",
    "order-camel-case",
    "order-without-products",
    "order-unicode-name",
    "identify-audience",
    "track-audience-entered",
    "page",
    "group",
}


def test_all_base_events_are_found() -> None:
    assert set(base_events.names()) >= EXPECTED


def test_the_documented_order_is_the_one_of_the_seed() -> None:
    properties = base_events.load("order-completed")["properties"]
    assert properties["order_id"] == "50314b8e9bcf000000000000"
    assert (properties["email"], properties["name"], properties["surname"]) == ("test@example.com", "John", "Johnson")
    # Three slashes: the seed is quoted as it is, slip included.
    assert properties["products"][0]["image_url"] == "https:///www.example.com/product/path.jpg"


@pytest.mark.parametrize("name", base_events.names())
def test_base_events_have_what_segment_demands(name: str) -> None:
    event = base_events.load(name)
    assert event["type"] in {"track", "identify", "page", "screen", "group", "alias", "delete"}
    assert event.get("userId") or event.get("anonymousId")
    assert "messageId" not in event


def test_a_loaded_event_is_a_copy() -> None:
    base_events.load("page")["properties"].clear()
    assert base_events.load("page")["properties"]


def test_values_are_set_by_dotted_path_through_objects_that_are_missing() -> None:
    event = {"properties": {"a": 1}}
    base_events.change(event, {"properties.b": 2, "context.traits.email": "x@example.com"}, ())
    assert event == {"properties": {"a": 1, "b": 2}, "context": {"traits": {"email": "x@example.com"}}}


def test_values_are_taken_away_and_missing_ones_left_alone() -> None:
    event = {"properties": {"a": 1, "b": 2}}
    base_events.change(event, {}, ["properties.a", "properties.z"])
    assert event == {"properties": {"b": 2}}


def test_a_path_through_something_that_is_no_object_is_refused() -> None:
    with pytest.raises(TypeError, match=r"properties\.a\.b"):
        base_events.change({"properties": {"a": 1}}, {"properties.a.b": 2}, ())


@pytest.mark.parametrize("length", [1_000, 32_000, 36_001])
def test_an_order_is_lengthened_to_the_byte(length: int) -> None:
    event = base_events.load("order-minimal")
    base_events.lengthen(event, length)
    assert len(json.dumps(event)) == length


def test_an_event_that_is_longer_already_is_an_error() -> None:
    with pytest.raises(ValueError, match="100 bytes"):
        base_events.lengthen(base_events.load("order-completed"), 100)
