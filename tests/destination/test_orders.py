from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tpmock.destination.rules.messages import DestinationReply, Refusal
from tpmock.destination.rules.orders import Order

from tests.destination.conftest import EMAIL, order_completed
from tests.destination.seen import READER, STRICT_READER

# With a joiner inside, which is invisible and belongs to the spelling.
PERSIAN = "\u0646\u06cc\u200c\u0645\u0627"


def read(event: object) -> Order:
    return READER.read(event)


def read_or_reply(event: object) -> Order | DestinationReply:
    try:
        return read(event)
    except Refusal as refusal:
        return refusal.reply


def refusal_of(event: object) -> DestinationReply:
    with pytest.raises(Refusal) as caught:
        read(event)
    return caught.value.reply


def test_the_order_of_the_trustpilot_page_is_read() -> None:
    order = read(order_completed())
    assert (order.order_id, order.email, order.name) == ("1001", EMAIL, "Ada Byron")
    assert (order.message_id, order.place, order.label) == ("message-of-1001", "properties.email", "order 1001")


@pytest.mark.parametrize(
    "name",
    ["Order Completed", "order completed", "orderCompleted", "order_completed", "Completed Order", "COMPLETED_ORDER"],
)
def test_the_event_is_recognised_under_every_name_segment_knows(name: str) -> None:
    assert read({**order_completed(), "event": name}).order_id == "1001"


@pytest.mark.parametrize(
    "name",
    [
        "Order Updated",
        "Completed Order Foo",
        "My Order Completed",
        "Order  Completed",
        "Order-Completed",
        "Order Completed\n!",
    ],
)
def test_other_track_events_are_processed_by_doing_nothing(name: str) -> None:
    assert refusal_of({**order_completed(), "event": name}).status == 200


@pytest.mark.parametrize("call", ["identify", "page", "screen", "group", "alias", "ada@example.com"])
def test_other_call_types_are_not_supported(call: str) -> None:
    reply = refusal_of({**order_completed(), "type": call})
    assert reply.status == 501
    assert "@" not in reply.message


@pytest.mark.parametrize("field", ["order_id", "orderId", "OrderID", "ORDER ID", "Order_Id", "id"])
def test_the_order_id_is_found_in_any_casing(field: str) -> None:
    event = order_completed()
    event["properties"] = {field: "A-7", "email": EMAIL}
    assert read(event).order_id == "A-7"


def test_order_id_wins_over_id() -> None:
    assert read(order_completed("A-7", id="row-1")).order_id == "A-7"


@pytest.mark.parametrize(
    ("given", "text"), [(42, "42"), (42.0, "42"), (" A-7 ", "A-7"), (0, "0"), ("Ä-北-1", "Ä-北-1")]
)
def test_order_ids_become_text(given: object, text: str) -> None:
    assert read(order_completed(given)).order_id == text


@pytest.mark.parametrize(
    "given", [True, 1.5, [], {}, float("nan"), float("inf"), 10**400, "x" * 256, "a\nb", "a\x00b", "\ud800"]
)
def test_an_order_id_that_cannot_be_one_is_refused_with_its_path(given: object) -> None:
    reply = refusal_of(order_completed(given))
    assert reply.status == 400
    assert "properties.order_id" in reply.message


@pytest.mark.parametrize("given", [None, "", "  "])
def test_a_missing_order_id_is_refused(given: object) -> None:
    assert refusal_of(order_completed(given)) == DestinationReply(
        400, "The order has no id: looked in properties.order_id and properties.id."
    )


def test_the_email_is_looked_for_in_four_places_in_order() -> None:
    event = order_completed(email=None)
    event["userId"] = "fourth@example.com"
    assert (read(event).email, read(event).place) == ("fourth@example.com", "userId")
    event["traits"] = {"Email": "third@example.com"}
    assert (read(event).email, read(event).place) == ("third@example.com", "traits.email")
    event["context"] = {"traits": {"email": "second@example.com"}}
    assert (read(event).email, read(event).place) == ("second@example.com", "context.traits.email")
    event["properties"]["E_mail"] = "first@example.com"
    assert (read(event).email, read(event).place) == ("first@example.com", "properties.email")


@pytest.mark.parametrize("user_id", ["customer-1", 7, {}, None])
def test_a_user_id_that_is_no_address_is_none(user_id: object) -> None:
    assert refusal_of({**order_completed(email=None), "userId": user_id}).status == 400
    assert read({**order_completed(), "userId": user_id}).email == EMAIL


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        ("2026-01-02T03:04:05.000Z", 1767323045.0),
        ("2026-01-02T04:04:05+01:00", 1767323045.0),
        ("2026-01-02T03:04:05", 1767323045.0),
        ("yesterday", None),
        (5, None),
        (None, None),
    ],
)
def test_the_order_was_placed_when_the_event_happened(timestamp: object, seconds: float | None) -> None:
    assert read({**order_completed(), "timestamp": timestamp}).placed_at == seconds


def test_a_delete_call_names_a_user() -> None:
    event = {"type": "delete", "userId": 7, "context": [], "integrations": [], "messageId": "delete-1"}
    assert READER.deletion(event) == "7"
    assert READER.deletion(order_completed()) is None
    assert READER.deletion([]) is None
    with pytest.raises(Refusal, match="no userId"):
        READER.deletion({"type": "delete"})


def test_a_missing_email_names_where_it_was_looked_for() -> None:
    reply = refusal_of(order_completed(email=""))
    assert reply == DestinationReply(
        400, "Missing e-mail address: looked in properties.email, context.traits.email, traits.email, userId."
    )


@pytest.mark.parametrize(
    "given",
    [
        "ada",
        "ada@",
        "@example.com",
        "a b@example.com",
        "a@b@example.com",
        "ada@example",
        "a@.com",
        "a\x00@example.com",
        "a" * 250 + "@x.test",
    ],
)
def test_a_malformed_email_is_refused_without_being_repeated(given: str) -> None:
    reply = refusal_of(order_completed(email=given))
    assert reply == DestinationReply(400, "properties.email does not look like an e-mail address.")


@pytest.mark.parametrize(
    "given", ["ada+shop@example.com", "o'neil@mail.example.co.test", "ada@bücher.example", "用户@example.com"]
)
def test_unusual_addresses_are_addresses(given: str) -> None:
    assert read(order_completed(email=given)).email == given


@pytest.mark.parametrize(
    ("properties", "traits", "name"),
    [
        ({"name": "Zoë", "surname": "Žižková-O'Brien"}, {}, "Zoë Žižková-O'Brien"),
        ({"name": "李", "surname": "小龙"}, {}, "李 小龙"),
        ({"name": PERSIAN, "surname": ""}, {}, PERSIAN),
        ({"name": "Ada\r\nBcc: x", "surname": None}, {}, "Ada Bcc: x"),
        ({"name": None, "surname": "Byron"}, {"firstName": "Eve"}, "Byron"),
        ({"name": " ", "surname": None}, {"firstName": "Eve", "last_name": "Moss"}, "Eve Moss"),
        ({"name": None, "surname": None}, {"name": "Eve M."}, "Eve M."),
        ({"name": None, "surname": None}, {}, "Customer"),
    ],
)
def test_the_name_is_put_together(properties: dict[str, object], traits: dict[str, object], name: str) -> None:
    event = {**order_completed(), "context": {"traits": traits}}
    event["properties"].update(properties)
    assert read(event).name == name


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"properties": []}, "properties"),
        ({"context": "x"}, "context"),
        ({"context": {"traits": 5}}, "context.traits"),
        ({"traits": False}, "traits"),
        ({"type": 5}, "type"),
        ({"event": ["Order Completed"]}, "event"),
        ({"messageId": {}}, "messageId"),
        ({"properties": {"order_id": "1", "email": 5}}, "properties.email"),
        ({"properties": {"order_id": "1", "email": EMAIL, "name": {}}}, "properties.name"),
        (
            {"properties": {"order_id": "1", "email": EMAIL}, "context": {"traits": {"lastName": 1}}},
            "context.traits.last_name",
        ),
    ],
)
def test_a_wrong_type_is_refused_with_its_path(change: dict[str, Any], path: str) -> None:
    reply = refusal_of({**order_completed(), **change})
    assert reply.status == 400
    assert reply.message.startswith(f"{path} must be")


@pytest.mark.parametrize("event", [None, [], "Order Completed", 5, True])
def test_an_event_is_an_object(event: object) -> None:
    assert refusal_of(event).status == 400


def test_an_address_used_as_id_is_neither_shown_nor_stored() -> None:
    order = read(order_completed(EMAIL, message_id=EMAIL))
    assert order.order_id == EMAIL
    assert EMAIL not in f"{order.key} {order.label} {order.message_key}"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([EMAIL, "track", "Order Completed"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
likely_objects = st.dictionaries(
    st.sampled_from(["order_id", "ORDERID", "id", "email", "name", "surname", "firstName", "traits"]) | st.text(),
    json_values,
)
likely_events = st.fixed_dictionaries(
    {"type": st.just("track") | json_values, "event": st.just("Order Completed") | json_values},
    optional={
        "properties": likely_objects | json_values,
        "context": st.fixed_dictionaries({}, optional={"traits": likely_objects | json_values}) | json_values,
        "traits": likely_objects | json_values,
        "messageId": json_values,
    },
)


@given(likely_events | json_values)
def test_whatever_json_arrives_it_is_an_order_or_a_refusal(event: object) -> None:
    match read_or_reply(event):
        case Order() as order:
            assert order.order_id
            assert "@" in order.email
            assert order.name
        case reply:
            assert reply.status in {200, 400, 501}


#: What both readings make of an order: the changes, and whether the strict one finds order and buyer too.
SPELLINGS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({}, {"order_id": None, "orderId": "1001"}, False),
    ({}, {"order_id": None, "id": "1001"}, False),
    ({}, {"email": None, "Email": EMAIL}, False),
    ({"context": {"traits": {"email": EMAIL}}}, {"email": None}, False),
    ({"traits": {"email": EMAIL}}, {"email": None}, False),
    ({"userId": EMAIL}, {"email": None}, False),
    ({"event": "Completed Order"}, {}, False),
    ({"event": "order completed"}, {}, False),
]


@pytest.mark.parametrize(("event", "properties", "strict"), SPELLINGS)
def test_strict_names_are_the_documented_ones_only(
    event: dict[str, Any],
    properties: dict[str, Any],
    strict: bool,  # noqa: FBT001 - a row
) -> None:
    spelled = order_completed()
    spelled = {**spelled, **event, "properties": {**spelled["properties"], **properties}}
    order = read(spelled)
    assert (order.order_id, order.email) == ("1001", EMAIL)
    if strict:
        assert STRICT_READER.read(spelled) == order
        return
    with pytest.raises(Refusal) as caught:
        STRICT_READER.read(spelled)
    assert caught.value.reply.status == (200 if "event" in event else 400)
    assert "context.traits" not in caught.value.reply.message
    assert "properties.id" not in caught.value.reply.message
