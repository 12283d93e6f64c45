from __future__ import annotations

import uuid

from tpmock.kit.cases import template


def test_values_are_unique_to_case_and_seed_and_repeat_with_them() -> None:
    first = template.values("DEST-001", 1, "key")
    assert first == template.values("DEST-001", 1, "key")
    for other in (template.values("DEST-002", 1, "key"), template.values("DEST-001", 2, "key")):
        assert {first[name] for name in ("order", "other", "number", "message", "email")}.isdisjoint(other.values())


def test_addresses_are_under_a_domain_reserved_for_examples() -> None:
    assert str(template.values("DEST-001", 1, "key")["email"]).endswith("@example.com")


def test_placeholders_are_filled_at_every_depth() -> None:
    known = template.values("DEST-001", 1, "key")
    assert template.fill({"a": ["{order}-x", {"b": "{email}"}]}, known) == {
        "a": [f"{known['order']}-x", {"b": known["email"]}]
    }


def test_a_text_that_is_one_placeholder_becomes_the_value_with_its_type() -> None:
    known = template.values("DEST-001", 1, "key")
    assert template.fill("{number}", known) == known["number"]
    assert template.fill(" {number}", known) == f" {known['number']}"


def test_braces_of_json_are_left_alone() -> None:
    assert template.fill('{"a": {}}', {}) == '{"a": {}}'


def test_unknown_placeholders_are_found() -> None:
    assert list(template.unknown({"a": ["{order}", "{ordre}"]})) == ["ordre"]


def test_each_event_of_a_case_has_its_own_message_id() -> None:
    known = template.values("DEST-001", 1, "key")
    ids = {template.message_id(str(known["message"]), number) for number in range(1, 100)} | {known["message"]}
    assert len(ids) == 100
    assert template.fill(["{message1}", "{message12}"], known) == [
        template.message_id(str(known["message"]), number) for number in (1, 12)
    ]
    assert list(template.unknown("{message1} {order1}")) == []


def test_nothing_shows_that_an_order_comes_from_a_test() -> None:
    for number in range(50):
        case_id = f"DEST-{number:03}"
        known = template.values(case_id, number, "key")
        said = " ".join(str(known[name]) for name in ("order", "other", "message", "email")).casefold()
        assert not any(word in said for word in ("kit", "test", "mock", "dest-", "order-"))
        assert uuid.UUID(template.message_id(str(known["message"]), 1)).version == 4
