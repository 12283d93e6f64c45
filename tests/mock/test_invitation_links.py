"""Links for a shop to send by itself, and the deletion of what is known of a customer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.golden import golden, same_shape
from tests.support.invited import PRODUCTS, a_link, answer_page, delivered, link, path_of, private
from tests.support.sandboxes import SandboxUnderTest, an_invitation

VIEWER = "5f1d2c3b4a59687706152435"
DELETE = "invitation-data/delete"


def test_a_link_has_the_form_of_the_real_ones(sandbox: SandboxUnderTest) -> None:
    host = {"Host": "invitations-api.trustpilot.com"}
    answer = private(sandbox, "POST", "invitation-links", a_link(locale="en-US", tags=["a"]), host)
    assert answer.status == 200
    same_shape(answer.json, golden("createServiceReviewInvitationLink"))
    assert answer.json["url"] == f"http://www.trustpilot.com/evaluate-link/{answer.json['id']}"
    assert "The invitation history does not list" in answer.hint
    assert sandbox.rows("invitations") == []


def test_on_a_plain_host_the_link_leads_back_to_the_mock(sandbox: SandboxUnderTest) -> None:
    answer = private(sandbox, "POST", "invitation-links", a_link(), {"Host": "127.0.0.1:8080"})
    assert answer.json["url"].startswith("http://127.0.0.1:8080/evaluate-link/")
    answer = private(sandbox, "POST", "invitation-links", a_link(), {"Host": "invitations-api.trustpilot.localhost:9"})
    assert answer.json["url"].startswith("http://www.trustpilot.localhost:9/evaluate-link/")


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nobody"},
        {"email": None},
        {"name": ""},
        {"locale": "xx-XX"},
        {"locale": "english"},
        {"tags": "a"},
        {"referenceId": 7},
    ],
)
def test_a_bad_body_makes_no_link(sandbox: SandboxUnderTest, changes: dict[str, Any]) -> None:
    answer = private(sandbox, "POST", "invitation-links", a_link(**changes))
    assert answer.status == 400
    assert next(iter(changes)) in answer.hint
    assert sandbox.rows("invitation-links") == []


@pytest.mark.parametrize("path", ["invitation-links", DELETE, "invitations"])
def test_writing_needs_a_token_a_role_a_reachable_unit_and_json(sandbox: SandboxUnderTest, path: str) -> None:
    body = {
        "invitation-links": a_link(),
        DELETE: {"customerEmails": ["ada@example.com"]},
        "invitations": {"recipientEmail": "a@example.com", "recipientName": "A", "referenceId": "1"},
    }[path]
    assert private(sandbox, "POST", path, body).status == 200
    assert private(sandbox, "POST", path, body, {"x-business-user-id": VIEWER}).status == 403
    assert private(sandbox, "POST", path, body, {"Authorization": "Bearer nothing"}).status == 401
    assert private(sandbox, "POST", path, body, {"Content-Type": "text/plain"}).status == 415
    assert private(sandbox, "POST", path, {}).status == 400
    assert private(sandbox, "POST", path, headers={"Content-Type": "application/json"}).status == 400
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    for unit, status in (("f" * 24, 403), ("5a0000000000000000000001", 403), ("x", 400)):
        target = f"/v1/private/business-units/{unit}/{path}"
        assert sandbox.call("POST", target, data=body, headers=headers).status == status


def test_deletion_leaves_no_trace_of_an_address(sandbox: SandboxUnderTest) -> None:
    [mail] = delivered(sandbox)
    answer_page(sandbox, path_of(mail))
    path = link(sandbox)
    sandbox.invite(an_invitation(serviceReviewInvitation={"preferredSendTime": "2031-01-01T00:00:00"}))
    answer = private(sandbox, "POST", DELETE, {"customerEmails": ["ADA@example.com"]})
    assert (answer.status, answer.body) == (200, b"")
    assert "2 emails, 2 links, the referral data of 1 reviews" in answer.hint
    for collection in ("invitations", "invitation-links", "reviews", "webhooks"):
        assert "ada@example.com" not in json.dumps(sandbox.rows(collection))
    assert sandbox.call("GET", path).status == 404
    assert sandbox.control("GET", "/clock")["nextDue"] is None
    assert sandbox.control("GET", "/journal")["total"] > 0


def test_the_review_stays_and_knows_nothing_of_its_invitation(sandbox: SandboxUnderTest) -> None:
    service, product = delivered(sandbox, productReviewInvitation={"products": PRODUCTS})
    answer_page(sandbox, path_of(service))
    answer_page(sandbox, path_of(product), **{"stars-0": "4"})
    private(sandbox, "POST", DELETE, {"customerEmails": ["ada@example.com"]})
    [written] = [row for row in sandbox.rows("reviews") if row["trace"] == service["trace"]]
    assert (written["stars"], written["referenceId"], written["referralEmail"]) == (5, None, None)
    newest = sandbox.get(f"/v1/reviews/{written['id']}")
    assert newest.status in (200, 404)


def test_other_customers_keep_theirs(sandbox: SandboxUnderTest) -> None:
    delivered(sandbox)
    delivered(sandbox, consumerEmail="bo@example.com", referenceNumber="1002")
    private(sandbox, "POST", DELETE, {"customerEmails": ["ada@example.com"]})
    assert [row["consumerEmail"] for row in sandbox.rows("invitations")] == ["bo@example.com"]
    known = [row["referralEmail"] for row in sandbox.rows("reviews") if row["referralEmail"]]
    assert known
    assert "ada@example.com" not in known


@pytest.mark.parametrize("written", ["2031-01-01T00:00:00.000Z", "01/01/2031 00:00:00"])
def test_deletion_by_date_takes_what_is_older(sandbox: SandboxUnderTest, written: str) -> None:
    delivered(sandbox)
    path = link(sandbox)
    answer = private(sandbox, "POST", DELETE, {"deleteOlderThan": written})
    assert answer.status == 200
    assert ("month first" in answer.hint) == ("/" in written)
    assert sandbox.rows("invitations") == sandbox.rows("invitation-links") == []
    assert sandbox.call("GET", path).status == 404


def test_deletion_by_date_leaves_what_is_newer(sandbox: SandboxUnderTest) -> None:
    delivered(sandbox)
    private(sandbox, "POST", DELETE, {"deleteOlderThan": "2013-09-23T13:37:00.000Z"})
    assert len(sandbox.rows("invitations")) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"customerEmails": ["a@example.com"], "deleteOlderThan": "2013-09-23T13:37:00.000Z"}, "not both"),
        ({"deleteOlderThan": "yesterday"}, "deleteOlderThan"),
        ({"customerEmails": []}, "customerEmails"),
        ({"customerEmails": ["nobody"]}, "customerEmails"),
        ({"customerEmails": "a@example.com"}, "customerEmails"),
    ],
)
def test_deletion_is_by_addresses_or_by_date(sandbox: SandboxUnderTest, body: Any, words: str) -> None:
    delivered(sandbox)
    answer = private(sandbox, "POST", DELETE, body)
    assert answer.status == 400
    assert words in answer.hint
    assert len(sandbox.rows("invitations")) == 1
