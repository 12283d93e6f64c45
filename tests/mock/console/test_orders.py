"""The newest orders, and one from end to end."""

from __future__ import annotations

from tests.mock.console.conftest import Visitor
from tests.support.stub_destination import Say, StubDestination

ORDER = {"email": "ada@example.com", "name": "Ada", "surname": "Example"}


def settle(visitor: Visitor) -> None:
    visitor.api("POST", "/settle", {})


def test_an_order_is_sent_and_shown_with_its_way(visitor: Visitor, destination: StubDestination) -> None:
    assert "No order yet" in visitor.see("/orders/")
    assert "Segment accepted the order 1001" in visitor.send("/order", order_id="1001", **ORDER).text
    settle(visitor)
    assert destination.received[0].event["properties"] == {"order_id": "1001", **ORDER}
    page = visitor.see("/orders/")
    assert "delivery: delivered" in page
    assert "no call that names this order asked Trustpilot" in page
    trace = visitor.see("/orders/1001")
    assert "track: POST /v1/track, answered 200" in trace
    assert "Segment to Destination" in trace
    assert "Request and response" in trace


def test_a_loss_is_seen_where_it_happened(visitor: Visitor, destination: StubDestination) -> None:
    destination.say = [Say(status=400, body=b'{"message": "No."}')]
    visitor.send("/order", order_id="1002", **ORDER)
    settle(visitor)
    assert "delivery: discarded" in visitor.see("/orders/")
    # Without an address and a number the owner of the order is unknown.
    visitor.send("/order", order_id="", email="")
    assert "Nothing was sent." in visitor.see("/orders/")


def test_what_people_write_is_shown_and_never_run(visitor: Visitor) -> None:
    visitor.send("/order", order_id="<script>alert(1)</script>", email="ada@example.com", name="<b>עדה</b>")
    settle(visitor)
    for page in (visitor.see("/orders/"), visitor.see("/orders/trace-1")):
        assert "<script>alert" not in page
        assert "<b>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_orders_are_found_by_their_number(visitor: Visitor) -> None:
    for number in ("31", "32"):
        visitor.send("/order", order_id=number, **ORDER)
    page = visitor.see("/orders/?key=31")
    assert "/orders/trace-1" in page
    assert "/orders/trace-2" not in page
    assert "No order matches" in visitor.see("/orders/?key=33")
