"""Members, their order and links as recorded exchanges and programs have them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.invited import PRODUCTS, answer_page, link, private
from tests.support.sandboxes import SandboxUnderTest, an_invitation
from tests.support.stub_destination import StubDestination

RECORDED = [
    *("refresh_token_expires_in", "refresh_token_status", "api_product_list", "app_enduser", "api_product_list_json"),
    *("organization_name", "developer.email", "token_type", "issued_at", "client_id", "access_token"),
    *("refresh_token", "application_name", "scope", "refresh_token_issued_at", "expires_in", "refresh_count", "status"),
]


def test_by_variant_a_token_body_is_the_recorded_one(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"token_members": "recorded", "refresh_token_life": "P90D"})
    body = sandbox.token(sandbox.password_form()).json
    assert list(body) == RECORDED
    assert (body["refresh_count"], body["scope"], body["refresh_token_expires_in"]) == ("0", "", "7775999")
    assert body["api_product_list_json"] == ["trustpilot-client-api", "public_data"]
    short = sandbox.token().json
    assert list(short) == [name for name in RECORDED if not name.startswith("refresh_token") and name != "app_enduser"]


def test_by_default_a_token_body_is_the_documented_one(sandbox: SandboxUnderTest) -> None:
    assert not {"status", "scope", "developer.email"} & sandbox.token(sandbox.password_form()).json.keys()


@pytest.mark.parametrize(
    ("place", "relations"),
    [
        ([], ["reviews", "reviews-web-links", "resources-images-stars"]),
        (["consumer"], ["consumers"]),
        (
            ["businessUnit"],
            ["business-units", "profile-image-small", "profile-image-medium", "profile-image-large"],
        ),
    ],
)
def test_the_links_of_a_review_are_the_recorded_ones_in_order(
    sandbox: SandboxUnderTest, place: list[str], relations: list[str]
) -> None:
    review: Any = sandbox.get(f"/v1/business-units/{sandbox['businessUnitId']}/reviews").json["reviews"][0]
    for name in place:
        review = review[name]
    assert [one["rel"] for one in review["links"]] == relations
    for one in review["links"]:
        target = "/" + one["href"].partition("//")[2].partition("/")[2]
        if "example-images" not in target:
            assert sandbox.get(f"{target}?locale=en-US" if target.endswith("web-links") else target).status == 200


def test_the_link_to_the_next_page_repeats_all_parameters(sandbox: SandboxUnderTest) -> None:
    path = f"/v1/business-units/{sandbox['businessUnitId']}/reviews?perPage=1&stars=5"
    own, following = sandbox.get(path).json["links"]
    assert (own["rel"], following["rel"]) == ("business-units", "next-page")
    assert own["href"].endswith(f"/v1/business-units/{sandbox['businessUnitId']}")
    query = following["href"].partition("?")[2]
    assert query == "page=2&perPage=1&orderBy=createdat.desc&includeReportedReviews=false&stars=5"


def test_a_product_webhook_has_what_its_readers_read(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    subscription = {"event": "product-review-created", "url": destination.url}
    sandbox.control("POST", "/webhook-subscriptions", subscription)
    wanted = {"consumer": {"email": "ada@example.com", "name": "Ada"}, "products": PRODUCTS}
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    target = f"/v1/private/product-reviews/business-units/{sandbox['businessUnitId']}/invitation-links"
    page = urlsplit(sandbox.call("POST", target, data=wanted, headers=headers).json["reviewUrl"]).path
    answer_page(sandbox, page, **{"stars-0": "5", "text-0": "Good."})
    sandbox.settle()
    [event] = destination.received[0].event["events"]
    data = event["eventData"]
    assert (data["state"], data["consumer"]["email"]) == ("published", "ada@example.com")
    assert list(data["product"]) == ["id", "sku", "name", "productUrl", "brand", "mpn"]
    known = next(one for one in private(sandbox, "GET", "products").json["products"] if one["sku"] == "ABC-1234")
    assert (data["product"]["id"], data["product"]["mpn"]) == (known["id"], known["mpn"])


def test_no_service_webhook_has_an_address(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.control("POST", "/webhook-subscriptions", {"event": "service-review-created", "url": destination.url})
    answer_page(sandbox, link(sandbox))
    sandbox.settle()
    assert "ada@example.com" not in str(destination.received[0].event)


def test_a_review_that_is_not_there_has_the_code_that_programs_read(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(f"/v1/reviews/{'f' * 24}")
    assert (answer.status, answer.json["errorCode"]) == (404, 1009)
    assert "not found" in answer.json["message"]


@pytest.mark.parametrize(("variant", "shown"), [("text", "123456789"), ("number", 123456789)])
def test_ids_of_facebook_pages_are_texts_and_by_variant_numbers(
    sandbox: SandboxUnderTest, variant: str, shown: object
) -> None:
    sandbox.control("PATCH", "/variants", {"facebook_page_id": variant})
    path = f"/v1/business-units/{sandbox['businessUnitId']}/profileinfo"
    assert sandbox.get(path).json["facebookPageId"] == shown
    without = sandbox.get("/v1/business-units/5a0000000000000000000002/profileinfo").json
    assert (without["facebookPageId"], without["isFacebookActivated"]) == (None, False)


@pytest.mark.parametrize(("variant", "shown"), [("number", 1984), ("text", "1984")])
def test_years_of_birth_are_numbers_and_by_variant_texts(
    sandbox: SandboxUnderTest, variant: str, shown: object
) -> None:
    sandbox.control("PATCH", "/variants", {"birth_year": variant})
    assert sandbox.get("/v1/consumers/61761f1e8d2c4a0013b5c7df").json["birthYear"] == shown
    assert sandbox.get("/v1/consumers/61761f1e8d2c4a0013b5c7e0").json["birthYear"] is None


def test_an_invitation_is_read_back_by_its_id(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    wanted = {"recipientEmail": "ada@example.com", "recipientName": "Ada Example", "referenceId": "1001"}
    number = private(sandbox, "POST", "invitations", wanted).json["id"]
    queued = private(sandbox, "GET", f"invitations/{number.upper()}").json
    assert queued["recipient"] == {"name": "Ada Example", "email": "ada@example.com"}
    assert (queued["id"], queued["status"], queued["sentTime"]) == (number, "notsent", None)
    assert (queued["source"], queued["includesProductReviewInvitations"]) == ("InvitationApi", False)
    sandbox.advance("1h")
    sent = private(sandbox, "GET", f"invitations/{number}").json
    assert (sent["status"], sent["sentTime"]) == ("sent", sent["preferredSendTime"])
    assert private(sandbox, "GET", f"invitations/{'f' * 24}").status == 404


@pytest.mark.parametrize("email", ["bounce@example.com", "blocked@example.com"])
def test_an_invitation_that_did_not_arrive_says_so(sandbox: SandboxUnderTest, email: str) -> None:
    sandbox.invite(an_invitation(consumerEmail=email))
    sandbox.advance("1h")
    [mail] = sandbox.rows("invitations")
    shown = private(sandbox, "GET", f"invitations/{mail['id']}").json["status"]
    assert shown == ("notdelivered" if mail["state"] == "not-delivered" else "sent")
