"""One order from end to end: what belongs together, why, and why nothing was sent."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.support.invited import answer_page, path_of, private
from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order
from tests.support.stub_destination import Say, StubDestination

FIND = "/v1/business-units/find?name=trustpilotdemo.com"
INVITE = "/v1/private/business-units/{}/email-invitations"


def told(sandbox: SandboxUnderTest, name: str = "1001") -> Any:
    return sandbox.control("GET", f"/traces/{name}")


def story(sandbox: SandboxUnderTest, name: str = "1001") -> list[tuple[str, str]]:
    """What happened, an exchange by its operation, and why it belongs there."""
    return [(step["facts"].get("operation") or step["what"], step["join"]) for step in told(sandbox, name)["steps"]]


def an_event(number: str = "1001", message: str = "m-1", **changes: Any) -> dict[str, Any]:
    return {**an_order(order_id=number), "messageId": message, **changes}


@pytest.fixture
def connected(sandbox: SandboxUnderTest, destination: StubDestination) -> SandboxUnderTest:
    sandbox.connect(destination.url)
    return sandbox


def delivering(destination: StubDestination) -> threading.Event:
    """The next answers of the destination wait for this."""
    go = threading.Event()
    destination.say = [Say(wait_for=go)]
    return go


def wait_until(destination: StubDestination, received: int) -> None:
    until = time.monotonic() + 10
    while len(destination.received) < received:
        assert time.monotonic() < until, "no delivery came"
        time.sleep(0.005)


def test_an_order_from_end_to_end(connected: SandboxUnderTest, destination: StubDestination) -> None:
    connected.control(
        "POST", "/webhook-subscriptions", {"event": "service-review-created", "url": destination.url + "hook"}
    )
    go = delivering(destination)
    connected.track(an_event())
    wait_until(destination, 1)
    token = connected.access_token()
    connected.invite(token=token)
    go.set()
    connected.settle()
    connected.advance("1d")
    [mail] = connected.rows("invitations")
    connected.call("GET", path_of(mail))
    answer_page(connected, path_of(mail))
    connected.settle()
    [review] = [row for row in connected.rows("reviews") if row["referenceId"] == "1001"]
    headers = {"Authorization": f"Bearer {token}", "x-business-user-id": connected["businessUserId"]}
    path = f"/v1/private/reviews/{review['id']}/reply"
    assert connected.call("POST", path, data={"message": "Thanks"}, headers=headers).status == 201
    assert story(connected) == [
        ("track", "cause"),
        ("event-received", "cause"),
        ("deliver", "messageId"),
        ("createAccessToken", "time"),
        ("createEmailInvitations", "orderId"),
        ("invitation-queued", "orderId"),
        ("delivery-delivered", "messageId"),
        ("invitation-delivered", "invitationId"),
        ("showServiceReviewPage", "linkId"),
        ("submitServiceReviewPage", "linkId"),
        ("review-written", "linkId"),
        ("webhook-due", "reviewId"),
        ("webhook", "reviewId"),
        ("webhook-delivered", "reviewId"),
        ("replyToServiceReview", "reviewId"),
        ("reply-written", "reviewId"),
    ]
    trace = told(connected)
    assert trace["outcome"] == "Reviewed: A service review with 5 stars was written."
    assert trace["keys"]["orderId"] == ["1001"]
    assert trace["keys"]["messageId"] == ["m-1"]
    assert trace["counts"] == {
        "calls": 6,
        "deliveries": 1,
        "events": 1,
        "invitations": 1,
        "reviews": 1,
        "webhooks": 1,
    }
    assert mail["trace"] == review["trace"] == trace["id"]
    moments = [step["at"] for step in trace["steps"]]
    assert moments == sorted(moments)


@pytest.mark.parametrize("name", ["trace-1", "m-1", "1001"])
def test_a_story_is_found_by_any_of_its_names(sandbox: SandboxUnderTest, name: str) -> None:
    sandbox.track(an_event())
    assert told(sandbox, name)["id"] == "trace-1"


def test_a_story_nobody_knows_is_404(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/traces/1002")
    assert answer.status == 404
    assert "order number '1002'" in answer.json["detail"]


def test_the_list_has_the_newest_first(sandbox: SandboxUnderTest) -> None:
    for number in ("1", "2", "3"):
        sandbox.track(an_event(number, f"m-{number}"))
    sandbox.track({"type": "track", "userId": "u", "messageId": "bad"})
    listed = sandbox.control("GET", "/traces?limit=3")
    assert (listed["total"], [row["id"] for row in listed["traces"]]) == (4, ["trace-4", "trace-3", "trace-2"])
    assert [row["id"] for row in sandbox.control("GET", "/traces?key=2")["traces"]] == ["trace-2"]
    assert [row["id"] for row in sandbox.control("GET", "/traces?state=event-dropped")["traces"]] == ["trace-4"]
    assert "steps" not in listed["traces"][0]


# --- joins ------------------------------------------------------------------------------------------------------------


def test_a_call_without_a_reference_joins_the_one_delivery_in_flight(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    go = delivering(destination)
    connected.track(an_event())
    wait_until(destination, 1)
    connected.get(FIND)
    go.set()
    connected.settle()
    connected.get(FIND)
    joins = [(entry["operation"], entry["join"]) for entry in connected.control("GET", "/journal")["journal"]]
    assert ("findBusinessUnit", "time") in joins
    assert joins[-1] == ("findBusinessUnit", None)


def test_of_two_deliveries_in_flight_none_is_guessed(connected: SandboxUnderTest, destination: StubDestination) -> None:
    go = delivering(destination)
    connected.track({"batch": [an_event("1", "m-1"), an_event("2", "m-2")]}, path="/v1/batch")
    wait_until(destination, 2)
    connected.get(FIND)
    go.set()
    connected.settle()
    [entry] = connected.control("GET", "/journal?operation=findBusinessUnit")["journal"]
    assert (entry["trace"], entry["join"]) == (None, None)


def test_a_call_that_names_another_order_is_not_joined_by_its_time(
    connected: SandboxUnderTest, destination: StubDestination
) -> None:
    go = delivering(destination)
    connected.track(an_event())
    wait_until(destination, 1)
    connected.invite(an_invitation(referenceNumber="shop-1001"))
    go.set()
    connected.settle()
    assert ("createEmailInvitations", "orderId") not in story(connected)
    assert story(connected, "shop-1001")[0] == ("createEmailInvitations", "cause")
    assert "no call that names this order" in told(connected)["outcome"]


@pytest.mark.parametrize("header", ["X-Correlation-Id", "X-Request-Id", "Idempotency-Key"])
def test_a_message_id_that_is_passed_on_joins(sandbox: SandboxUnderTest, header: str) -> None:
    sandbox.track(an_event())
    sandbox.get(FIND, {header: "m-1"})
    sandbox.get(FIND, {header: "1001"})
    assert story(sandbox)[-1] == ("findBusinessUnit", "correlation-header")
    assert told(sandbox)["counts"]["calls"] == 2


def test_an_order_number_says_more_than_a_passed_on_id(sandbox: SandboxUnderTest) -> None:
    sandbox.track(an_event())
    sandbox.invite(an_invitation(referenceNumber="2002"), headers={"X-Correlation-Id": "m-1"})
    assert ("createEmailInvitations", "cause") in story(sandbox, "2002")


def test_a_second_event_of_an_order_and_a_repeated_message_join_the_first(sandbox: SandboxUnderTest) -> None:
    sandbox.track(an_event())
    sandbox.track(an_event(message="m-2"))
    sandbox.track(an_event(number="other"))
    assert sandbox.control("GET", "/traces")["total"] == 1
    events = [step for step in told(sandbox)["steps"] if step["what"].startswith("event-")]
    assert [(step["what"], step["join"]) for step in events] == [
        ("event-received", "cause"),
        ("event-received", "orderId"),
        ("event-dropped", "messageId"),
    ]
    assert events[2]["facts"]["reason"] == "duplicate"


def test_each_event_of_a_batch_has_its_own_story_and_the_batch_belongs_to_all(sandbox: SandboxUnderTest) -> None:
    sandbox.track({"batch": [an_event("1", "m-1"), an_event("2", "m-2")]}, path="/v1/batch")
    for number in ("1", "2"):
        assert story(sandbox, number)[:2] == [("batch", "cause"), ("event-received", "cause")]


def test_a_review_nobody_asked_for_is_a_cause_itself(sandbox: SandboxUnderTest) -> None:
    review = sandbox.control("POST", "/reviews", {"stars": 2, "text": "So so"})
    assert story(sandbox, review["trace"]) == [("review-written", "cause")]
    sandbox.control("PATCH", f"/reviews/{review['id']}", {"stars": 3})
    sandbox.control("DELETE", f"/reviews/{review['id']}")
    assert [what for what, _ in story(sandbox, review["trace"])] == [
        "review-written",
        "review-revised",
        "review-deleted",
    ]
    assert told(sandbox, review["trace"])["outcome"] == "Reviewed: The service review was deleted."


def test_product_reviews_and_their_conversations_belong_to_the_order(sandbox: SandboxUnderTest) -> None:
    products = [{"sku": "ABC-1234", "name": "Metal Toy Car"}]
    sandbox.invite(an_invitation(productReviewInvitation={"products": products}))
    sandbox.advance("1d")
    sandbox.control("POST", "/reviews", {"invitation": "1001", "type": "product", "stars": 5, "text": "Good"})
    [row] = sandbox.rows("product-reviews")[-1:]
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "x-business-user-id": sandbox["businessUserId"]}
    path = f"/v1/private/product-reviews/{row['id']}/create-conversation"
    conversation = sandbox.call("POST", path, headers=headers).json["conversationId"]
    path = f"/v1/private/conversations/{conversation}/comments"
    sandbox.call("POST", path, data={"content": "Thanks"}, headers=headers)
    assert story(sandbox)[-4:] == [
        ("review-written", "linkId"),
        ("createProductReviewConversation", "reviewId"),
        ("createComment", "conversationId"),
        ("comment-written", "conversationId"),
    ]


# --- why nothing was sent ---------------------------------------------------------------------------------------------


def outcome(sandbox: SandboxUnderTest, name: str = "1001") -> str:
    sentence: str = told(sandbox, name)["outcome"]
    return sentence


def test_dropped_by_segment(sandbox: SandboxUnderTest) -> None:
    sandbox.track({**an_event(), "event": ""})
    assert outcome(sandbox) == (
        "Nothing was sent. Segment dropped the event: the track call has no event name (event_not_defined)."
    )


def test_no_destination(sandbox: SandboxUnderTest) -> None:
    sandbox.track(an_event())
    assert outcome(sandbox).startswith("Nothing was sent. No destination is connected to the source ")


def test_filtered_by_the_integrations_object(connected: SandboxUnderTest) -> None:
    connected.track(an_event(integrations={"All": False}))
    connected.settle()
    assert "integrations object" in outcome(connected)


def test_a_destination_that_is_switched_off(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.connect(destination.url, enabled=False)
    sandbox.track(an_event())
    assert "switched off" in outcome(sandbox)


def test_refused_by_the_destination(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(400, b'{"message": "There is no e-mail address."}')]
    connected.track(an_event())
    connected.settle()
    assert outcome(connected) == (
        "Nothing was sent. The destination Trustpilot rejected it (400: There is no e-mail address.); "
        "Segment discards it as errors.discarded.400."
    )


def test_a_destination_that_is_tried_again(connected: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(503), Say(200)]
    connected.track(an_event())
    connected.settle()
    assert "Segment retries at" in outcome(connected)
    connected.advance("1h")
    assert "accepted it (200" in outcome(connected)
    assert told(connected)["counts"]["deliveries"] == 2


def test_refused_by_trustpilot(sandbox: SandboxUnderTest) -> None:
    sandbox.invite(headers={"x-business-user-id": sandbox["businessUnitId"]})
    assert story(sandbox) == [("createEmailInvitations", "cause")]
    assert outcome(sandbox).startswith("Nothing was sent. Trustpilot refused the invitation with 403: ")
    assert "business UNIT id" in outcome(sandbox)


@pytest.mark.parametrize(
    ("email", "ends"),
    [
        ("ada@example.com", "Delivered, and no review yet: The service invitation was delivered."),
        ("bounce@example.com", "Not delivered: The service invitation was not delivered ("),
        (
            "unsubscribe@example.com",
            "Delivered, and no review yet: The service invitation was delivered, and the recipient",
        ),
    ],
)
def test_how_the_mail_ended(sandbox: SandboxUnderTest, email: str, ends: str) -> None:
    sandbox.invite(an_invitation(consumerEmail=email))
    assert outcome(sandbox).startswith("Queued: The service invitation is queued until ")
    sandbox.advance("1d")
    assert outcome(sandbox).startswith(ends)


def test_deleted_invitation_data(sandbox: SandboxUnderTest) -> None:
    sandbox.invite()
    private(sandbox, "POST", "invitation-data/delete", {"customerEmails": ["ada@example.com"]})
    assert outcome(sandbox) == "Deleted: The service invitation was deleted with the invitation data."


def test_a_link_that_waits(sandbox: SandboxUnderTest) -> None:
    body = {"email": "ada@example.com", "name": "Ada Example", "referenceId": "1001"}
    private(sandbox, "POST", "invitation-links", body)
    assert outcome(sandbox).startswith("Not reviewed yet: A link for a service review was created")


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_the_story_outlives_the_journal(sandbox: SandboxUnderTest) -> None:
    sandbox.invite()
    sandbox.control("DELETE", "/journal")
    sandbox.advance("1d")
    [call, *_] = told(sandbox)["steps"]
    assert (call["facts"]["operation"], call["entry"], call["kept"]) == ("createEmailInvitations", 2, False)
    assert [what for what, _ in story(sandbox)][1:] == ["invitation-queued", "invitation-delivered"]


def test_of_an_order_that_never_ends_the_beginning_and_the_end_are_kept(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    for _ in range(120):
        sandbox.invite(token=token)
    trace = told(sandbox)
    assert trace["steps"][0]["join"] == "cause"
    assert (len(trace["steps"]), trace["dropped"]) == (200, 40)
    assert trace["steps"][-1]["entry"] is None
    assert trace["steps"][-2]["entry"] == 121


def test_a_restored_sandbox_goes_on_with_its_stories(sandbox: SandboxUnderTest) -> None:
    sandbox.invite()
    sandbox.control("PUT", "/snapshots/a")
    sandbox.invite(an_invitation(referenceNumber="2"))
    sandbox.control("POST", "/snapshots/a/restore")
    sandbox.advance("1d")
    sandbox.invite(an_invitation(referenceNumber="3"))
    assert [what for what, _ in story(sandbox)][-1] == "invitation-delivered"
    assert [row["keys"]["orderId"] for row in sandbox.control("GET", "/traces")["traces"]] == [["3"], ["1001"]]
