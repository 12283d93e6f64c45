"""Segment's workspace: sources, destinations, reports, the tester, the debugger and replay."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from tpmock.console.segment import SAMPLES

from tests.mock.console.conftest import DEFAULT, Visitor
from tests.support.stub_destination import Say, StubDestination

ORDER = {"email": "ada@example.com", "name": "Ada", "surname": "Example"}
TRUSTPILOT = "/segment/destinations/Trustpilot"


def order(visitor: Visitor, number: str) -> None:
    visitor.send("/order", order_id=number, **ORDER)
    visitor.api("POST", "/settle", {})


def figures(page: str) -> dict[str, int]:
    """The counts of the funnel's stages."""
    found = re.findall(r'class="stage-name">([^<]+)</p>\s*<p class="figure">([\d,]+)</p>', page)
    return {name: int(count.replace(",", "")) for name, count in found}


def test_the_overview_counts_steps_and_tells_reasons(visitor: Visitor, destination: StubDestination) -> None:
    order(visitor, "1")
    destination.say = [Say(status=400, body=b'{"message": "No address."}')]
    order(visitor, "2")
    page = visitor.see("/segment/")
    assert figures(page) == {
        "Received": 2,
        "Passed ingest": 2,
        "Passed source filters": 2,
        "Passed destination filters": 2,
        "Delivered": 1,
    }
    assert '<a href="#failed-delivery">-1 failed delivery</a>' in page
    assert '<code>400</code></th><td class="number">1</td>' in page
    assert "The destination says that the request is malformed." in page
    sample = visitor.api("GET", "/segment/overview")["steps"][-2]["discards"][0]["samples"][0]
    assert visitor.get(f"/orders/{sample}").status_code == 200
    assert f'/orders/{sample}"' in page
    other = visitor.see("/segment/?period=1h&destination=Trustpilot")
    assert "the last 1h" in other
    assert visitor.get("/segment/?search=x").headers["Location"] == f"{DEFAULT}/segment/debugger?search=x"
    assert visitor.get("/segment/?period=always").status_code == 400


def test_event_delivery_shows_each_error_with_three_samples(visitor: Visitor, destination: StubDestination) -> None:
    destination.say = [Say(status=400, body=b'{"message": "No address."}')]
    order(visitor, "2")
    page = visitor.see(TRUSTPILOT)
    assert "errors.discarded.400" in page
    for sample in ("What you sent", "Request to the destination", "Response from the destination"):
        assert f'aria-label="{sample}"' in page
    assert "No address." in page
    key = visitor.api("GET", "")["credentials"]["integrationKey"]
    assert f"{key[:4]}…" in visitor.see(f"{TRUSTPILOT}/settings")
    assert key not in page


def test_an_event_is_tried(visitor: Visitor, destination: StubDestination) -> None:
    destination.say = [Say(status=503, body=b"")]
    answer = visitor.send(f"{TRUSTPILOT}/test", event=json.dumps(SAMPLES["order"]))
    assert "Segment would retry." in answer.text
    assert destination.received[0].event["properties"]["order_id"] == "test-1"
    assert visitor.api("GET", "/segment/events")["total"] == 0
    assert "Nothing would be sent." in visitor.send(f"{TRUSTPILOT}/test", event=json.dumps(SAMPLES["page"])).text
    assert visitor.see(f"{TRUSTPILOT}/test")


@pytest.mark.parametrize("text", ["{", "[]", "", "7"])
def test_what_is_no_event_is_said_and_kept_in_the_field(visitor: Visitor, text: str) -> None:
    answer = visitor.send(f"{TRUSTPILOT}/test", event=text)
    assert (answer.status_code, 'role="alert"' in answer.text) == (200, True)
    assert f"{text}</textarea>" in answer.text


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_can_be_tried(visitor: Visitor, name: str) -> None:
    page = visitor.client.get(f"/_mock/console/default{TRUSTPILOT}/test", query_string={"sample": name}).text
    text = unescape(page.partition('spellcheck="false">')[2].partition("</textarea>")[0])
    assert json.loads(text) == SAMPLES[name]
    assert 'role="alert"' not in visitor.send(f"{TRUSTPILOT}/test", event=text).text


def test_a_destination_is_switched_moved_and_connected(visitor: Visitor, destination: StubDestination) -> None:
    assert "Trustpilot is off" in visitor.send(TRUSTPILOT, enabled="false").text
    order(visitor, "1")
    assert destination.received == []
    assert "DESTINATION_DISABLED" in visitor.see("/segment/")
    visitor.send(TRUSTPILOT, enabled="true", key="another-key")
    order(visitor, "2")
    assert len(destination.received) == 1
    assert 'role="alert"' in visitor.send(TRUSTPILOT, url="http://a:99999/").text
    connected = visitor.send("/segment/destinations", name="Second", url="http://127.0.0.1:9/", key="k")
    assert "Second is connected" in connected.text
    assert "Second" in visitor.see("/segment/destinations")
    assert "Enter a name" in visitor.send("/segment/destinations", name=" ").text
    assert 'role="alert"' in visitor.send("/segment/destinations", name="Third", url="nowhere").text
    assert visitor.get("/segment/destinations/nowhere").status_code == 404


def test_a_source_is_made_and_switched(visitor: Visitor) -> None:
    assert "The source Shop in Århus is on" in visitor.send("/segment/sources", name="Shop in Århus").text
    assert (
        "The source Shop in Århus is off"
        in visitor.send("/segment/sources", name="Shop in Århus", enabled="false").text
    )
    assert [one["enabled"] for one in visitor.api("GET", "/segment/sources")["sources"]] == [True, False]
    assert "Shop in Århus" in visitor.see("/segment/sources")
    assert "Enter a name" in visitor.send("/segment/sources").text


def test_events_are_found_and_sent_once_more(visitor: Visitor, destination: StubDestination) -> None:
    order(visitor, "first-order")
    order(visitor, "second-order")
    page = visitor.see("/segment/debugger?search=second-order")
    assert page.count("<li><a href=") - page.count('<li><a href="#') >= 1
    assert page.count("Replay to Trustpilot") == 1
    assert "It was delivered." in page
    message = visitor.api("GET", "/segment/debugger")["events"][0]["messageId"]
    assert "1 event went to Trustpilot again" in visitor.send(f"{TRUSTPILOT}/replay", messageIds=message).text
    assert "2 events went" in visitor.send(f"{TRUSTPILOT}/replay").text
    visitor.api("POST", "/settle", {})
    assert len(destination.received) == 5
    assert "No matching event is kept" in visitor.send(f"{TRUSTPILOT}/replay", messageIds="nothing").text
    assert 'role="alert"' in visitor.send(f"{TRUSTPILOT}/replay", since="yesterday").text
    assert "No event contains" in visitor.see("/segment/debugger?search=nothing-like-it")
    older = visitor.api("GET", "/segment/debugger")["events"][1]
    assert "first-order" in visitor.see(f"/segment/debugger/{older['id']}")
    assert visitor.get("/segment/debugger/nothing").status_code == 404


def test_few_of_many_events_are_shown(visitor: Visitor) -> None:
    key = (visitor.sandbox["credentials"]["writeKey"], "")
    batch = [{"type": "page", "userId": "u", "name": str(number)} for number in range(60)]
    visitor.client.post("/v1/batch", json={"batch": batch}, auth=key)
    page = visitor.see("/segment/debugger")
    assert page.count("/segment/debugger/") == 50
    assert "show more" in page
    assert visitor.see("/segment/debugger?all=").count("/segment/debugger/") == 60


def test_what_people_write_is_shown_and_never_run(visitor: Visitor) -> None:
    visitor.send("/segment/sources", name="<script>alert(1)")
    visitor.send("/order", order_id="<img src=x>", email="ada@example.com", name="<b>עדה</b>")
    pages = [visitor.see(f"/segment/{part}") for part in ("", "debugger", "sources", "destinations", "audiences")]
    assert any("&lt;script&gt;alert(1)" in page for page in pages)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page


def test_an_audience_is_created_synced_and_removed(visitor: Visitor) -> None:
    order(visitor, "1")
    visitor.send("/segment/audiences", name="Buyers", members="u1 u2")
    page = visitor.see("/segment/audiences")
    assert "<code>buyers</code>" in page
    assert "sent 2 calls" in visitor.send("/segment/audiences/Buyers", do="sync").text
    [row] = visitor.api("GET", "/segment/audiences")["audiences"]
    assert (row["size"], row["pending"]) == (2, 0)
    visitor.send("/segment/audiences/Buyers", do="remove")
    assert visitor.api("GET", "/segment/audiences")["total"] == 0
