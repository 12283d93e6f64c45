"""The control API plays the consumer: writes, revises, takes back, leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.invited import PRODUCTS, delivered, link
from tests.support.sandboxes import SandboxUnderTest, an_invitation


def call(sandbox: SandboxUnderTest, method: str, path: str, data: Any = None) -> Answer:
    return sandbox.call(method, f"/_mock/sandboxes/{sandbox.id}{path}", data=data)


@pytest.mark.parametrize("named", ["id", "referenceNumber"])
def test_an_invitation_is_answered_by_its_id_or_its_reference_number(sandbox: SandboxUnderTest, named: str) -> None:
    [mail] = delivered(sandbox)
    row = sandbox.control("POST", "/reviews", {"invitation": mail[named], "stars": 5, "text": "Good."})
    assert (row["type"], row["referenceId"], row["isVerified"]) == ("service", "1001", True)
    assert row["trace"] == mail["trace"]
    assert sandbox.rows("invitation-links")[0]["used"] is True


def test_a_link_is_answered_too(sandbox: SandboxUnderTest) -> None:
    link(sandbox, referenceId="77")
    assert sandbox.control("POST", "/reviews", {"invitation": "77", "stars": 1})["source"] == "InvitationLinkApi"


def test_of_two_mails_the_service_invitation_is_answered_first(sandbox: SandboxUnderTest) -> None:
    delivered(sandbox, productReviewInvitation={"products": PRODUCTS})
    answer = {"invitation": "1001", "stars": 4}
    kinds = [sandbox.control("POST", "/reviews", {**answer, **more})["type"] for more in ({}, {"sku": "xyz"})]
    assert kinds == ["service", "product"]
    last = sandbox.control("POST", "/reviews", {**answer, "type": "product"})
    assert (last["sku"], last["referenceId"]) == ("ABC-1234", "1001")
    assert call(sandbox, "POST", "/reviews", answer).status == 409


def test_which_product_is_meant_must_be_clear(sandbox: SandboxUnderTest) -> None:
    delivered(sandbox, productReviewInvitation={"products": PRODUCTS})
    for sku in ({}, {"sku": "XYZ"}):
        answer = call(sandbox, "POST", "/reviews", {"invitation": "1001", "type": "product", "stars": 4, **sku})
        assert answer.status == 400
        assert "ABC-1234, xyz" in answer.json["detail"]


def test_a_mail_that_is_not_there_yet_cannot_be_answered(sandbox: SandboxUnderTest) -> None:
    sandbox.invite()
    sandbox.invite(an_invitation(consumerEmail="bounce@example.com", referenceNumber="b"))
    answer = call(sandbox, "POST", "/reviews", {"invitation": "1001", "stars": 4})
    assert answer.status == 409
    assert "advance the clock" in answer.hint
    sandbox.advance("1h")
    answer = call(sandbox, "POST", "/reviews", {"invitation": "b", "stars": 4})
    assert "not-delivered (bounced)" in answer.hint


def test_anyone_may_write_without_an_invitation(sandbox: SandboxUnderTest) -> None:
    body = {
        "stars": 3,
        "title": "Ok",
        "text": "Hm.",
        "consumerName": "Per",
        "consumerEmail": "per@example.com",
        "language": "da",
    }
    row = sandbox.control("POST", "/reviews", body)
    assert (row["source"], row["isVerified"], row["language"]) == ("Organic", False, "da")
    [person] = [one for one in sandbox.rows("consumers") if one["id"] == row["consumerId"]]
    assert (person["displayName"], person["email"], person["numberOfReviews"]) == ("Per", "per@example.com", 1)


def test_a_product_may_be_reviewed_without_an_invitation(sandbox: SandboxUnderTest) -> None:
    row = sandbox.control("POST", "/reviews", {"type": "product", "sku": "ABC-1234", "stars": 5, "consumerName": "Per"})
    assert row["referenceId"] is None
    path = f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}/reviews?sku=ABC-1234"
    assert sandbox.get(path).json["productReviews"][0]["id"] == row["id"]
    assert call(sandbox, "POST", "/reviews", {"type": "product", "stars": 5}).status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"stars": 0}, 400),
        ({"stars": 6}, 400),
        ({"stars": 4.5}, 400),
        ({"stars": 4, "mood": "good"}, 400),
        ({"stars": 4, "invitation": "nothing"}, 404),
        ({"stars": 4, "businessUnitId": "f" * 24}, 404),
    ],
)
def test_a_bad_review_is_refused(sandbox: SandboxUnderTest, body: dict[str, Any], status: int) -> None:
    before = len(sandbox.rows("reviews"))
    assert call(sandbox, "POST", "/reviews", body).status == status
    assert len(sandbox.rows("reviews")) == before


def test_a_revised_review_is_dated_and_counted_anew(sandbox: SandboxUnderTest) -> None:
    path = f"/v1/business-units/find?name={sandbox['domain']}"
    review = sandbox.control("POST", "/reviews", {"stars": 5})
    before = sandbox.get(path).json["numberOfReviews"]
    row = sandbox.control("PATCH", f"/reviews/{review['id']}", {"stars": 1, "title": "Worse", "text": "Broke."})
    assert (row["stars"], row["title"], row["text"]) == (1, "Worse", "Broke.")
    assert row["updatedAt"] is not None
    after = sandbox.get(path).json["numberOfReviews"]
    assert (after["fiveStars"], after["oneStar"]) == (before["fiveStars"] - 1, before["oneStar"] + 1)


def test_what_is_noted_about_a_review_is_no_revision(sandbox: SandboxUnderTest) -> None:
    review = sandbox.control("POST", "/reviews", {"stars": 5})
    noted = {"verified": True, "report": {"reasons": ["advertising"]}, "likes": [review["consumerId"]] * 2}
    row = sandbox.control("PATCH", f"/reviews/{review['id']}", noted)
    assert (row["isVerified"], row["reported"], row["likes"]) == (True, True, [review["consumerId"]])
    assert row["updatedAt"] is None
    assert sandbox.control("PATCH", f"/reviews/{review['id']}", {"report": None})["reported"] is False


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("service", {}, 400),
        ("service", {"stars": 7}, 400),
        ("service", {"state": "archived"}, 400),
        ("service", {"likes": ["nobody"]}, 404),
        ("service", {"report": {"reasons": []}}, 400),
        ("product", {"title": "x"}, 400),
        ("nothing", {"stars": 1}, 404),
    ],
)
def test_a_bad_change_is_refused(sandbox: SandboxUnderTest, kind: str, body: dict[str, Any], status: int) -> None:
    ids = {"service": "53bffd36000064000297537d", "product": "670d5810ba62e6b31de97de9", "nothing": "f" * 24}
    assert call(sandbox, "PATCH", f"/reviews/{ids[kind]}", body).status == status


def test_a_product_review_can_be_taken_offline(sandbox: SandboxUnderTest) -> None:
    path = f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}/reviews?sku=ABC-1234"
    before = len(sandbox.get(path).json["productReviews"])
    row = sandbox.control("PATCH", "/reviews/670d5810ba62e6b31de97de9", {"state": "unpublished"})
    assert row["state"] == "unpublished"
    assert len(sandbox.get(path).json["productReviews"]) == before - 1


def test_a_deleted_review_is_gone_but_for_the_feed(sandbox: SandboxUnderTest) -> None:
    review, before = sandbox.control("POST", "/reviews", {"stars": 5})["id"], sandbox.rows("deletions")
    assert [call(sandbox, "DELETE", f"/reviews/{review}").status for _ in range(2)] == [204, 404]
    assert review not in [row["id"] for row in sandbox.rows("reviews")]
    assert [(row["type"], row["id"]) for row in sandbox.rows("deletions") if row not in before] == [("review", review)]


def test_a_consumer_who_leaves_takes_all_reviews_along(sandbox: SandboxUnderTest) -> None:
    gone, before = "61761f1e8d2c4a0013b5c7da", sandbox.rows("deletions")
    assert [call(sandbox, "DELETE", f"/consumers/{gone}").status for _ in range(2)] == [204, 404]
    for collection in ("reviews", "consumers"):
        assert gone not in str(sandbox.rows(collection))
    *reviews, person = [row["type"] for row in sandbox.rows("deletions") if row not in before]
    assert (set(reviews), person) == ({"review"}, "consumer")


def test_who_left_and_comes_back_is_somebody_new(sandbox: SandboxUnderTest) -> None:
    person = {"stars": 5, "consumerName": "Per", "consumerEmail": "per@example.com"}
    first = sandbox.control("POST", "/reviews", person)["consumerId"]
    assert sandbox.control("POST", "/reviews", person)["consumerId"] == first
    call(sandbox, "DELETE", f"/consumers/{first}")
    assert sandbox.control("POST", "/reviews", person)["consumerId"] != first
