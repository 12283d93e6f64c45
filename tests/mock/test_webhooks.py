"""Webhooks: bodies, addresses, order, retries, and repeated delivery on request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.golden import golden, same_shape
from tests.support.invited import PRODUCTS, answer_page, delivered, link, path_of
from tests.support.sandboxes import SandboxUnderTest
from tests.support.stub_destination import Say, StubDestination
from tests.support.webhooks import judged

SERVICE = ("service-review-created", "service-review-updated", "service-review-deleted")
PRODUCT = ("product-review-created", "product-review-updated", "product-review-deleted")


def subscribe(sandbox: SandboxUnderTest, url: str, *events: str) -> list[str]:
    made = [
        sandbox.control("POST", "/webhook-subscriptions", {"event": event, "url": url})
        for event in events or SERVICE + PRODUCT
    ]
    return [row["id"] for row in made]


def heard(stub: StubDestination) -> list[tuple[str, str]]:
    events = [judged(one.event) for one in stub.received]
    return [(event["eventName"], event["eventData"]["id"]) for event in events]


def write(sandbox: SandboxUnderTest, **body: Any) -> dict[str, Any]:
    row: dict[str, Any] = sandbox.control("POST", "/reviews", {"stars": 4, "title": "Fine", "text": "Good.", **body})
    return row


def test_an_order_travels_from_the_invitation_to_the_webhook(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    subscribe(sandbox, destination.url)
    sandbox.invite()
    [queued] = sandbox.rows("invitations")
    sandbox.advance("1h")
    [mail] = sandbox.rows("invitations")
    assert (queued["state"], mail["state"]) == ("queued", "delivered")
    assert answer_page(sandbox, path_of(mail)).status == 200
    sandbox.settle()
    [(name, review_id)] = heard(destination)
    assert name == "service-review-created"
    [row] = [row for row in sandbox.rows("reviews") if row["id"] == review_id]
    [webhook] = sandbox.rows("webhooks")
    assert row["referenceId"] == "1001"
    assert row["trace"] == webhook["trace"] == mail["trace"]
    [entry] = sandbox.control("GET", f"/journal?trace={mail['trace']}&operation=webhook")["journal"]
    assert (entry["direction"], entry["status"]) == ("out", 200)


def test_the_body_is_the_documented_one(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    subscribe(sandbox, destination.url, SERVICE[0])
    answer_page(sandbox, link(sandbox, locationId="ABC123", tags=["a"]))
    sandbox.settle()
    [received] = destination.received
    same_shape(received.event, golden("webhook-service-review-created"))
    assert received.headers["Content-Type"] == "application/json"
    data = judged(received.event)["eventData"]
    assert (data["referenceId"], data["isVerified"], data["stars"]) == ("1001", True, 5)
    assert data["consumer"]["name"] == "Ada Example"


def links(data: Any) -> list[str]:
    """All links in the data of an event, at any depth."""
    below = [found for value in data.values() if isinstance(value, dict) for found in links(value)]
    return ([data["link"]] if "link" in data else []) + below


def test_links_lead_to_the_mock(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    subscribe(sandbox, destination.url)
    home = sandbox.control("GET", "")["urls"]["trustpilot"]
    write(sandbox)
    answer_page(sandbox, link(sandbox, kind="product", products=PRODUCTS))
    sandbox.settle()
    told = [found for one in destination.received for found in links(judged(one.event)["eventData"])]
    assert len(told) == 4
    for each in told:
        path = each.removeprefix(home)
        assert path.startswith("/v1/"), f"leads elsewhere: {each}"
        headers = {"Authorization": f"Bearer {sandbox.access_token()}"} if "/private/" in path else None
        assert sandbox.get(path, headers).status == 200


def test_by_variant_links_lead_where_the_real_ones_lead(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.control("PATCH", "/variants", {"webhook_links": "vendor"})
    subscribe(sandbox, destination.url, SERVICE[0])
    write(sandbox)
    sandbox.settle()
    [received] = destination.received
    for each in links(received.event["events"][0]["eventData"]):
        assert each.startswith("https://api.trustpilot.com/v1/")


@pytest.mark.parametrize(("variant", "length"), [("milliseconds", 24), ("seconds", 20)])
def test_both_forms_of_dates_were_seen(
    sandbox: SandboxUnderTest, destination: StubDestination, variant: str, length: int
) -> None:
    sandbox.control("PATCH", "/variants", {"webhook_dates": variant})
    subscribe(sandbox, destination.url)
    write(sandbox)
    sandbox.settle()
    assert len(judged(destination.received[0].event)["eventData"]["createdAt"]) == length


def test_revised_and_deleted_reviews_are_told_and_a_deleted_one_by_its_id_alone(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    subscribe(sandbox, destination.url)
    review = write(sandbox)
    sandbox.control("PATCH", f"/reviews/{review['id']}", {"stars": 1})
    sandbox.control("DELETE", f"/reviews/{review['id']}")
    sandbox.settle()
    assert heard(destination) == [(name, review["id"]) for name in SERVICE]
    assert judged(destination.received[2].event)["eventData"] == {"id": review["id"]}


def test_product_reviews_have_events_of_their_own(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    mail = delivered(sandbox, productReviewInvitation={"products": PRODUCTS})[1]
    subscribe(sandbox, destination.url)
    review = write(sandbox, invitation=mail["id"], sku="xyz")
    sandbox.control("PATCH", f"/reviews/{review['id']}", {"text": "Better now."})
    sandbox.control("DELETE", f"/reviews/{review['id']}")
    sandbox.settle()
    assert heard(destination) == [(name, review["id"]) for name in PRODUCT]


def test_only_what_was_subscribed_is_told(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    [subscription] = subscribe(sandbox, destination.url, SERVICE[1])
    write(sandbox)
    write(sandbox, businessUnitId="5a0000000000000000000001")
    assert sandbox.rows("webhooks") == []
    assert sandbox.rows("webhook-subscriptions")[0]["event"] == SERVICE[1]
    path = f"/_mock/sandboxes/{sandbox.id}/webhook-subscriptions/{subscription}"
    assert [sandbox.call("DELETE", path).status for _ in range(2)] == [204, 404]
    assert destination.received == []


def test_a_failed_one_is_tried_again_on_the_sandboxs_clock(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    destination.say = [Say(status=500), Say(status=0), Say()]
    subscribe(sandbox, destination.url)
    write(sandbox)
    sandbox.advance("1h")
    [row] = sandbox.rows("webhooks")
    assert row["state"] == "delivered"
    assert [attempt["status"] for attempt in row["attempts"]] == [500, None, 200]
    assert row["attempts"][1]["error"]


def test_it_is_given_up_after_an_hour_and_can_be_replayed(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    destination.say = [Say(status=503)]
    subscribe(sandbox, destination.url)
    write(sandbox)
    sandbox.advance("2h")
    [row] = sandbox.rows("webhooks")
    assert (row["state"], len(row["attempts"])) == ("failed", 4)
    destination.say = [Say()]
    assert sandbox.control("POST", f"/webhooks/{row['id']}/replay")["state"] == "pending"
    sandbox.settle()
    [row] = sandbox.rows("webhooks")
    assert (row["state"], len(row["attempts"])) == ("delivered", 5)
    assert len({str(received.event) for received in destination.received}) == 1


def test_the_events_of_one_review_keep_their_order(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(status=500), Say()]
    subscribe(sandbox, destination.url)
    first = write(sandbox)
    sandbox.settle()
    sandbox.control("PATCH", f"/reviews/{first['id']}", {"stars": 2})
    sandbox.control("DELETE", f"/reviews/{first['id']}")
    second = write(sandbox)
    sandbox.settle()
    sandbox.advance("1h")
    told = heard(destination)
    assert [name for name, review in told if review == first["id"]] == [SERVICE[0], *SERVICE]
    # Another review's events need not wait.
    assert told.index((SERVICE[0], second["id"])) == 1


def test_a_replay_of_one_that_waits_is_no_second_delivery(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    destination.say = [Say(status=500), Say()]
    subscribe(sandbox, destination.url)
    review = write(sandbox)
    sandbox.settle()
    sandbox.control("PATCH", f"/reviews/{review['id']}", {"stars": 2})
    sandbox.control("POST", "/webhooks/2/replay")
    sandbox.control("POST", "/webhooks/1/replay")
    sandbox.advance("1d")
    assert [len(row["attempts"]) for row in sandbox.rows("webhooks")] == [2, 1]


@pytest.mark.parametrize("webhook", ["7", "0", "x"])
def test_only_a_known_webhook_can_be_replayed(sandbox: SandboxUnderTest, webhook: str) -> None:
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/webhooks/{webhook}/replay")
    assert answer.status == (404 if webhook == "7" else 400)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"event": "review.created"}, 400),
        ({"url": "ftp://example.com"}, 400),
        ({"url": "http://:80/"}, 400),
        ({"url": "http://[/"}, 400),
        ({"businessUnitId": "f" * 24}, 404),
    ],
)
def test_a_bad_subscription_is_refused(sandbox: SandboxUnderTest, changes: dict[str, str], status: int) -> None:
    body = {"event": SERVICE[0], "url": "http://127.0.0.1:9/", **changes}
    path = f"/_mock/sandboxes/{sandbox.id}/webhook-subscriptions"
    assert sandbox.call("POST", path, data=body).status == status
    assert sandbox.rows("webhook-subscriptions") == []


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("service-review-deleted", {"id": "a" * 24, "stars": 1}),
        ("service-review-created", {"id": "a" * 24}),
        ("review.created", {"id": "a" * 24}),
    ],
)
def test_the_schema_tells_a_wrong_envelope_from_a_right_one(event: str, data: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        judged({"events": [{"eventName": event, "version": "1", "eventData": data}]})
