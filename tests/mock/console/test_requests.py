"""Every exchange, searched, looked at, taken along and made again."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from tests.mock.console.conftest import HOST, Visitor
from tests.mock.console.trustpilot import invite
from tests.support.sandboxes import REVOKE_PATH, TOKEN_PATH, an_order, basic
from tests.support.stub_destination import StubDestination

FIND = "/v1/business-units/find?name=trustpilotdemo.com"


def entries(visitor: Visitor, operation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visitor.api("GET", f"/journal?operation={operation}")["journal"]
    return found


def replayed(visitor: Visitor, operation: str) -> tuple[str, list[int | None]]:
    """Make the last call of an operation again; the page then, and the statuses of all calls of it."""
    last = entries(visitor, operation)[-1]["id"]
    page = visitor.send(f"/requests/{last}/replay", back=f"/_mock/console/default/requests/{last}").text
    return page, [entry["status"] for entry in entries(visitor, operation)]


def ask(visitor: Visitor, method: str, path: str, data: Any = None, **headers: str) -> int:
    sent = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    status: int = visitor.client.open(path, method=method, headers=sent, data=data).status_code
    return status


def test_exchanges_are_listed_newest_first_and_searched(visitor: Visitor) -> None:
    assert "No entries yet" in visitor.see("/requests/")
    ask(visitor, "GET", FIND, apikey=visitor.sandbox["credentials"]["apiKey"])
    ask(visitor, "GET", FIND, apikey="wrong")
    page = visitor.see("/requests/")
    assert page.index(">401<") < page.index(">200<")
    assert "2 entries" in page
    assert "GET /v1/business-units/find?name=trustpilotdemo.com" in page
    for query, count in (
        *(("status=4xx", 1), ("status=401", 1), ("method=POST", 0), ("path=units/find", 2), ("path=units/FIND", 0)),
        *(
            ("hint=true", 1),
            ("hint=false", 1),
            ("fault=true", 0),
            ("direction=out", 0),
            ("operation=findBusinessUnit", 2),
        ),
        *(("text=Demo+Shop", 1), ("text=%20", 2)),
    ):
        found = visitor.see(f"/requests/?{query}")
        assert ("No matching entry" if count == 0 else f"{count} entr") in found, query


def test_a_filter_that_is_none_is_said_and_breaks_nothing(visitor: Visitor) -> None:
    page = visitor.see("/requests/?status=good")
    assert 'role="alert"' in page
    assert "status" in page


def test_one_entry_shows_both_sides_the_hint_and_how_sure_it_is(visitor: Visitor) -> None:
    ask(visitor, "GET", FIND, apikey="<script>alert(1)</script>", user_agent="<script>alert(2)</script>")
    [entry] = entries(visitor, "findBusinessUnit")
    page = visitor.see(f"/requests/{entry['id']}")
    assert "Hint." in page
    assert "evidence: " in page
    assert "User-Agent: &lt;script&gt;alert(2)" in page
    assert "<script>alert" not in page + visitor.see("/requests/")
    assert "curl -gsSi" in page
    assert 'data-copy="curl"' in page
    assert visitor.get("/requests/999").status_code == 404


def test_a_call_is_made_again_with_a_fresh_token(visitor: Visitor) -> None:
    invite(visitor, referenceNumber="“ø…”")
    page, statuses = replayed(visitor, "createEmailInvitations")
    assert statuses == [202, 202]
    assert "It used a new token" in page
    numbers = [row["referenceNumber"] for row in visitor.api("GET", "/invitations")["invitations"]]
    assert numbers == ["“ø…”", "“ø…”"]


@pytest.mark.parametrize("header", [True, False])
def test_a_call_is_made_again_with_the_key_that_was_masked(visitor: Visitor, *, header: bool) -> None:
    key = visitor.sandbox["credentials"]["apiKey"]
    if header:
        ask(visitor, "GET", FIND, apikey=key)
    else:
        ask(visitor, "GET", f"{FIND}&apikey={key}")
    page, statuses = replayed(visitor, "findBusinessUnit")
    assert statuses == [200, 200]
    assert "The request was repeated; the status is 200." in page
    assert key not in page


def test_forms_and_basic_credentials_are_put_back_too(visitor: Visitor) -> None:
    own = visitor.sandbox["credentials"]
    form = {"grant_type": "password", "username": own["partnerUsername"], "password": own["partnerPassword"]}
    pair = basic(own["partnerApiKey"], own["partnerApiSecret"])
    assert ask(visitor, "POST", TOKEN_PATH, form, Authorization=pair) == 200
    assert replayed(visitor, "createAccessToken")[1] == [200, 200]
    form = {"grant_type": "client_credentials", "client_id": own["apiKey"], "client_secret": own["apiSecret"]}
    assert ask(visitor, "POST", TOKEN_PATH, form) == 200
    assert replayed(visitor, "createAccessToken")[1] == [200] * 4


def test_a_call_of_the_partner_goes_with_a_token_of_the_partner(visitor: Visitor) -> None:
    own = visitor.sandbox["credentials"]
    form = {"grant_type": "password", "username": own["partnerUsername"], "password": own["partnerPassword"]}
    answer = visitor.client.post(
        TOKEN_PATH,
        headers={"Host": HOST, "Authorization": basic(own["partnerApiKey"], own["partnerApiSecret"])},
        data=form,
    )
    assert answer.json is not None
    path = f"/v1/private/partners/{own['partnerId']}/check/{own['businessUnitId']}"
    first = ask(visitor, "GET", path, Authorization=f"Bearer {answer.json['access_token']}")
    assert first < 300
    assert replayed(visitor, "checkPartnerEligibility")[1] == [first, first]


def test_what_nobody_can_put_back_is_said_and_nothing_is_sent(visitor: Visitor) -> None:
    own = visitor.sandbox["credentials"]
    for header in ("some-key-of-somebody-else", own["apiKey"][:-1]):
        ask(visitor, "GET", FIND, apikey=header)
        page, statuses = replayed(visitor, "findBusinessUnit")
        assert "It was not repeated. One of its secrets is masked" in page
        assert set(statuses) == {401}
    assert len(statuses) == 2
    ask(
        visitor,
        "POST",
        REVOKE_PATH,
        {"token": "tpr-0123456789abcdef"},
        Authorization=basic(own["apiKey"], own["apiSecret"]),
    )
    assert "It was not repeated" in replayed(visitor, "revokeToken")[0]


def test_an_order_and_its_delivery_are_sent_again(visitor: Visitor, destination: StubDestination) -> None:
    ask(
        visitor,
        "POST",
        "/v1/track",
        json.dumps(an_order()),
        Authorization=basic(visitor.sandbox["credentials"]["writeKey"]),
    )
    visitor.api("POST", "/settle", {})
    assert replayed(visitor, "track")[1] == [200, 200]
    visitor.api("POST", "/settle", {})
    before = len(destination.received)
    page, statuses = replayed(visitor, "deliver")
    assert "Segment sent the event to" in page
    assert len(destination.received) == before + 1 == len(statuses)


def test_a_webhook_is_posted_again(visitor: Visitor, destination: StubDestination) -> None:
    url = f"{destination.url}/hook"
    visitor.api("POST", "/webhook-subscriptions", {"event": "service-review-created", "url": url})
    for _ in range(2):
        visitor.api("POST", "/reviews", {"stars": 4})
    visitor.api("POST", "/settle", {})
    last = entries(visitor, "webhook")[-1]["request"]["body"]
    page, statuses = replayed(visitor, "webhook")
    assert "The webhook was sent again." in page
    assert statuses == [200] * 3
    assert [one.event for one in destination.received].count(last) == 2


def test_the_journal_is_taken_along_and_cleared(visitor: Visitor) -> None:
    ask(visitor, "GET", FIND, apikey=visitor.sandbox["credentials"]["apiKey"])
    ask(visitor, "GET", FIND, apikey="wrong")
    archive = visitor.get("/requests/archive.har?status=401")
    assert archive.headers["Content-Disposition"] == 'attachment; filename="tpmock-default.har"'
    assert archive.json is not None
    assert [one["response"]["status"] for one in archive.json["log"]["entries"]] == [401]
    assert "The journal was cleared" in visitor.send("/requests/clear").text
    assert visitor.api("GET", "/journal")["total"] == 0


@pytest.mark.parametrize("body", [b'{"a":1.0, "a": 2,\n "b": "\\u00e9"}', b"[ ]", b'{"n": 1e400}'])
def test_a_replay_sends_the_same_bytes(visitor: Visitor, body: bytes) -> None:
    ask(visitor, "POST", "/v1/track", body, Content_Type="application/json")
    [first] = visitor.api("GET", "/journal?method=POST")["journal"]
    visitor.send(f"/requests/{first['id']}/replay")
    bodies = [
        visitor.api("GET", f"/journal/{entry['id']}/bodies")["request"]
        for entry in visitor.api("GET", "/journal?method=POST")["journal"]
    ]
    assert bodies == [base64.b64encode(body).decode()] * 2


def test_a_body_that_was_not_recorded_is_not_replayed_as_an_empty_one(visitor: Visitor) -> None:
    ask(visitor, "POST", "/v1/track", b"\xff\xfe not text", Content_Type="application/json")
    [first] = visitor.api("GET", "/journal?method=POST")["journal"]
    assert "Its body was not recorded" in visitor.send(f"/requests/{first['id']}/replay").text
    assert visitor.api("GET", "/journal?method=POST")["total"] == 1


def test_a_long_body_is_cut_on_the_page_and_whole_in_the_bytes(visitor: Visitor) -> None:
    body = b'{"event": "' + b"x" * 65_000 + b'"}'
    ask(visitor, "POST", "/v1/track", body, Content_Type="application/json")
    [entry] = visitor.api("GET", "/journal?method=POST")["journal"]
    assert entry["requestBytes"] == len(body)
    page = visitor.see(f"/requests/{entry['id']}")
    assert "characters more" in page
    assert "65.0 kB" in page
    assert base64.b64decode(visitor.api("GET", f"/journal/{entry['id']}/bodies")["request"]) == body


def test_chips_set_and_remove_a_filter_and_count_what_they_show(visitor: Visitor) -> None:
    ask(visitor, "GET", FIND, apikey=visitor.sandbox["credentials"]["apiKey"])
    ask(visitor, "GET", FIND, apikey="wrong")
    page = visitor.see("/requests/?path=find")
    assert re.search(r'href="[^"]+\?path=find&amp;status=4xx">4xx <span class="count">1</span>', page)
    page = visitor.see("/requests/?path=find&status=4xx")
    assert re.search(r'href="[^"]+/requests/\?path=find" aria-current="true">4xx', page)
    assert "1 entry" in page
