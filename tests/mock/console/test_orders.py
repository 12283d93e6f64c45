"""The newest orders as a table, and one from end to end."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote

import pytest
from tpmock.console import order_table

from tests.mock.console.conftest import HOST, Visitor
from tests.mock.console.trustpilot import invite, token
from tests.support.stub_destination import Say, StubDestination

ORDER = {"email": "ada@example.com", "name": "Ada", "surname": "Example"}


def settle(visitor: Visitor) -> None:
    visitor.api("POST", "/settle", {})


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


def found(visitor: Visitor, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = visitor.api("GET", f"/orders?{query}")["orders"]
    return rows


def test_an_order_is_sent_and_shown_with_its_outcome(visitor: Visitor, destination: StubDestination) -> None:
    assert "No order yet" in visitor.see("/orders/")
    assert "Segment accepted the order 1001" in visitor.send("/order", order_id="1001", **ORDER).text
    settle(visitor)
    assert destination.received[0].event["properties"] == {"order_id": "1001", **ORDER}
    page = words(visitor.see("/orders/"))
    assert "1001 ada@example.com Ada Example Shop backend Order Completed Destination Not invited" in page
    assert "no call that names this order asked Trustpilot" in page
    order = visitor.see("/orders/1001")
    assert "Segment to Destination" in order
    assert "POST /v1/track → 200" in words(order)
    assert "/_mock/console/default/orders/1001</code>" in order


def test_a_loss_is_seen_where_it_happened(visitor: Visitor, destination: StubDestination) -> None:
    destination.say = [Say(status=400, body=b'{"message": "No."}')]
    visitor.send("/order", order_id="1002", **ORDER)
    settle(visitor)
    page = words(visitor.see("/orders/"))
    assert "Destination Not invited Nothing was sent." in page
    assert "No." in page
    # Without an address and a number the owner of the order is unknown.
    visitor.send("/order", order_id="", email="")
    assert "no address" in visitor.see("/orders/")


def test_a_retry_is_shown_with_its_wait(visitor: Visitor, destination: StubDestination) -> None:
    destination.say = [Say(status=503), Say(status=200)]
    visitor.send("/order", order_id="1002", **ORDER)
    settle(visitor)
    assert [row["state"] for row in found(visitor, "state=retrying")] == ["retrying"]
    assert "Retrying, 1 attempt" in words(visitor.see("/orders/"))
    visitor.api("POST", "/clock/advance", {"by": "1h"})
    settle(visitor)
    order = words(visitor.see("/orders/1002"))
    assert re.search(r"Segment waited [\d.]+ (s|min)[\d s]* before attempt 2", order), order
    assert "deliver the event, attempt 2" in order


def test_what_people_write_is_shown_and_never_run(visitor: Visitor) -> None:
    visitor.send("/order", order_id="<script>alert(1)</script>", email="ada@example.com", name="<b>עדה</b>")
    settle(visitor)
    for page in (visitor.see("/orders/"), visitor.see("/orders/trace-1"), visitor.see("/search/?q=alert")):
        assert "<script>alert" not in page
        assert "<b>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_filters_have_true_counts_and_lead_to_their_orders(visitor: Visitor, destination: StubDestination) -> None:
    invite(visitor, referenceNumber="1", consumerEmail="grace@example.com")
    destination.say = [Say(status=400)]
    visitor.send("/order", order_id="2", **ORDER)
    settle(visitor)
    page = words(visitor.see("/orders/"))
    for chip in ("All 2", "Email scheduled 1", "Not invited 1", "Retrying 0", "Bounced 0", "Reviewed 0"):
        assert chip in page
    shown = words(visitor.see("/orders/?state=not-invited"))
    assert "ada@example.com" in shown
    assert "grace@example.com" not in shown
    assert "Orders of the last hour: 1 email scheduled, 1 not invited" in visitor.see("/orders/") or (
        "Orders of the last hour: 1 not invited, 1 email scheduled" in visitor.see("/orders/")
    )
    assert "No order matches: bounced" in words(visitor.see("/orders/?state=bounced"))
    assert "All 2" in words(visitor.see("/orders/?state=nonsense"))


@pytest.mark.parametrize("part", ["31", "ADA@", "da@exam", "exampl", "Ada Ex"])
def test_orders_are_found_by_a_part_of_number_address_or_name(visitor: Visitor, part: str) -> None:
    visitor.send("/order", order_id="1031", **ORDER)
    visitor.send("/order", order_id="1042", email="grace@shop.test", name="Grace")
    settle(visitor)
    assert [row["orderIds"] for row in found(visitor, f"q={part}")] == [["1031"]]
    page = visitor.see(f"/orders/?q={part}")
    assert "/orders/trace-1" in page
    assert "/orders/trace-2" not in page
    assert "No order matches" in visitor.see("/orders/?q=nobody")


def test_one_search_finds_orders_emails_reviews_and_requests(visitor: Visitor) -> None:
    invite(visitor, referenceNumber="1001", consumerEmail="grace@example.com")
    visitor.api("POST", "/clock/advance", {"by": "7d"})
    visitor.api(
        "POST", "/reviews", {"invitation": "1001", "stars": 4, "title": "Fine", "text": "It came on a Tuesday."}
    )
    by_address = visitor.api("GET", "/search?q=RACE@")
    assert [by_address[kind]["total"] for kind in ("orders", "emails", "reviews")] == [1, 1, 0]
    [review] = visitor.api("GET", "/search?q=on%20a%20tuesday")["reviews"]["rows"]
    assert (review["stars"], review["text"]) == (4, "It came on a Tuesday.")
    assert "email-invitations" in visitor.api("GET", "/search?q=EMAIL-INV")["requests"]["rows"][0]["url"]
    page = words(visitor.see("/search/?q=1001"))
    for title in ("Orders 1", "Emails 1", "Reviews 1", "Requests "):
        assert title in page
    assert "Nothing contains “zzz”" in words(visitor.see("/search/?q=zzz"))
    assert "Type a part of" in visitor.see("/search/")


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ('"Zo\\u00eb Str\\u00f6m"', "ZOË STRÖM"),
        ('"Zoë Ström"', "ström"),
        ('"Groß"', "GROSS"),
        (r'"Ann \"Nan\" Other"', '"nan"'),
        ('"Łukasz 漢字"', "漢字"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_name_is_found_however_it_was_written(visitor: Visitor, written: str, sought: str, encoding: str) -> None:
    unit = visitor.sandbox["credentials"]["businessUnitId"]
    body = (
        f'{{"referenceNumber": "1001", "consumerEmail": "someone@example.com", "consumerName": {written}, '
        '"serviceReviewInvitation": {}}'
    )
    answer = visitor.client.post(
        f"/v1/private/business-units/{unit}/email-invitations",
        headers={"Host": HOST, "Authorization": f"Bearer {token(visitor)}", "Content-Type": "application/json"},
        data=body.encode(encoding),
    )
    assert answer.status_code == 202, answer.text
    by_name = visitor.api("GET", f"/search?q={quote(sought)}")
    assert [by_name[kind]["total"] for kind in ("orders", "emails")] == [1, 1]
    other = visitor.api("GET", "/search?q=nobody-is-called-this")
    assert [other[kind]["total"] for kind in ("orders", "emails")] == [0, 0]


def test_an_email_is_found_by_its_id(visitor: Visitor) -> None:
    name = invite(visitor, referenceNumber="1001")
    assert [row["id"] for row in visitor.api("GET", f"/search?q={name[4:20]}")["emails"]["rows"]] == [name]


def test_the_table_follows_an_order_on_its_way(visitor: Visitor) -> None:
    def state() -> str:
        [row] = found(visitor, "")
        return str(row["state"])

    invite(visitor, referenceNumber="1001", consumerEmail="ada@example.com")
    states = [state()]
    visitor.api("POST", "/clock/advance", {"by": "7d"})
    states.append(state())
    written = visitor.api("POST", "/reviews", {"invitation": "1001", "stars": 4})
    states.append(state())
    visitor.api("DELETE", f"/reviews/{written['id']}")
    states.append(state())
    assert states == ["scheduled", "invited", "reviewed", "invited"]


def test_an_erased_buyer_is_not_found(visitor: Visitor) -> None:
    visitor.send("/order", order_id="1031", **ORDER)
    settle(visitor)
    invite(visitor, referenceNumber="1031", consumerEmail="ada@example.com")
    assert [row["state"] for row in found(visitor, "q=ada@")] == ["scheduled"]
    unit = visitor.sandbox["credentials"]["businessUnitId"]
    answer = visitor.client.post(
        f"/v1/private/business-units/{unit}/invitation-data/delete",
        headers={"Host": HOST, "Authorization": f"Bearer {token(visitor)}"},
        json={"customerEmails": ["ada@example.com"]},
    )
    assert answer.status_code < 300, answer.text
    assert found(visitor, "q=ada@") == []
    assert visitor.api("GET", "/search?q=ada@")["emails"]["total"] == 0


def test_an_order_shows_where_its_values_came_from_and_its_results(visitor: Visitor) -> None:
    visitor.send("/order", order_id="1001", **ORDER)
    settle(visitor)
    invite(visitor, referenceNumber="1001", consumerEmail="ada@example.com", consumerName="Ada Example")
    visitor.api("POST", "/clock/advance", {"by": "7d"})
    visitor.api("POST", "/reviews", {"invitation": "1001", "stars": 4, "title": "Fine", "text": "It came."})
    page = words(visitor.see("/orders/1001"))
    assert "consumerEmail ada@example.com properties.email" in page
    assert "consumerName Ada Example properties.name + properties.surname" in page
    assert "Reviewed, 4 stars" in page
    assert "Email of the service invitation" in page
    assert "It came." in page
    assert "later" in page


def test_the_states_are_those_of_the_document(visitor: Visitor) -> None:
    assert set(visitor.api("GET", "/orders")["counts"]) == set(order_table.STATES)


def test_long_words_and_many_exchanges_are_a_page_of_limited_size(visitor: Visitor) -> None:
    visitor.send("/order", order_id="1" * 240, email=f"{'a' * 60}@example.com", name="N" * 255)
    settle(visitor)
    for _ in range(110):
        visitor.api("POST", "/segment/destinations/Trustpilot/replay", {"messageIds": _message_ids(visitor)})
    settle(visitor)
    page = visitor.see("/orders/trace-1")
    assert "further steps are no longer kept" in page
    assert len(page) < 2_000_000
    assert "1" * 240 in visitor.see("/orders/")


def _message_ids(visitor: Visitor) -> list[str]:
    return [row["message"]["messageId"] for row in visitor.api("GET", "/segment/events?limit=1")["events"]]
