"""The page behind a link: a person can use it, a test can post it, and what is written becomes a review."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.support.invited import PRODUCTS, answer_page, delivered, link, path_of
from tests.support.sandboxes import SandboxUnderTest

PRODUCT_MAIL = {"productReviewInvitation": {"products": PRODUCTS, "redirectUri": "https://example.com/done"}}


def newest(sandbox: SandboxUnderTest, collection: str = "reviews") -> dict[str, object]:
    return sandbox.rows(collection)[-1]


def test_the_page_is_a_form_that_says_it_is_unofficial(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", link(sandbox))
    assert answer.status == 200
    assert '<form method="post">' in answer.text
    assert "Unofficial" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Ada Example" in answer.text


def test_what_is_written_knows_where_it_came_from(sandbox: SandboxUnderTest) -> None:
    part = {"tags": ["tea"], "redirectUri": "https://example.com/thanks?a=1"}
    [mail] = delivered(sandbox, locationId="ABC123", locale="da-DK", serviceReviewInvitation=part)
    answer = answer_page(sandbox, path_of(mail))
    assert (answer.status, answer.headers["Location"]) == (303, "https://example.com/thanks?a=1")
    wanted = {
        "stars": 5,
        "title": "Great",
        "text": "All was well.",
        "language": "da",
        "source": "InvitationApi",
        "referenceId": "1001",
        "referralEmail": "ada@example.com",
        "locationId": "43f51215-a1fc-4c60-b6dd-e4afb6d7b831",
        "isVerified": True,
        "tags": [{"group": "generic", "value": "tea"}],
        "trace": mail["trace"],
    }
    assert newest(sandbox).items() >= wanted.items()


def test_the_order_can_be_followed_from_the_mail_to_the_review(sandbox: SandboxUnderTest) -> None:
    [mail] = delivered(sandbox)
    answer_page(sandbox, path_of(mail))
    entries = sandbox.control("GET", f"/journal?trace={mail['trace']}")["journal"]
    assert [entry["operation"] for entry in entries] == ["createEmailInvitations", "submitServiceReviewPage"]


def test_a_link_without_a_redirect_says_thanks(sandbox: SandboxUnderTest) -> None:
    answer = answer_page(sandbox, link(sandbox))
    assert answer.status == 200
    assert "Thank you" in answer.text
    assert newest(sandbox)["source"] == "InvitationLinkApi"


@pytest.mark.parametrize("uri", ["http://[", "https://example.com/\u2603"])
def test_nobody_is_sent_to_an_odd_address(sandbox: SandboxUnderTest, uri: str) -> None:
    answer = answer_page(sandbox, link(sandbox, redirectUri=uri))
    assert answer.status == 200
    assert "Location" not in answer.headers


def test_a_used_link_says_so(sandbox: SandboxUnderTest) -> None:
    path = link(sandbox)
    answer_page(sandbox, path)
    reviews = len(sandbox.rows("reviews"))
    for answer in (sandbox.call("GET", path), answer_page(sandbox, path)):
        assert answer.status == 410
        assert "written already" in answer.text
    assert len(sandbox.rows("reviews")) == reviews


@pytest.mark.parametrize("path", ["/evaluate-link/nothing", "/evaluate/nothing"])
def test_an_unknown_link_says_so(sandbox: SandboxUnderTest, path: str) -> None:
    for answer in (sandbox.call("GET", path), answer_page(sandbox, path)):
        assert answer.status == 404
        assert "nothing to review" in answer.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"stars": "", "text": "x"}, "one to five stars"),
        ({"stars": "6", "text": "x"}, "one to five stars"),
        ({"stars": "five", "text": "x"}, "one to five stars"),
        ({"stars": "5", "text": "  "}, "Describe your experience"),
    ],
)
def test_what_is_missing_is_said_and_what_was_written_is_kept(
    sandbox: SandboxUnderTest, form: dict[str, str], words: str
) -> None:
    answer = answer_page(sandbox, link(sandbox), title="<i>Kept</i>", **form)
    assert answer.status == 400
    assert words in answer.text
    assert "&lt;i&gt;Kept&lt;/i&gt;" in answer.text
    assert "<i>Kept" not in answer.text
    assert newest(sandbox)["referenceId"] != "1001"


def test_a_body_that_is_no_form_is_refused(sandbox: SandboxUnderTest) -> None:
    path = link(sandbox)
    assert sandbox.call("POST", path, data={"stars": 5}).status == 415
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert sandbox.call("POST", path, body=b"stars=5&text=%ff", headers=headers).status == 400
    # Its body is not read, so the connection is of no further use.
    headers["Connection"] = "close"
    assert sandbox.call("POST", path, body=b"x" * 70_000, headers=headers).status == 413


def test_the_page_of_a_product_mail_asks_for_each_product(sandbox: SandboxUnderTest) -> None:
    mail = delivered(sandbox, **PRODUCT_MAIL)[1]
    page = sandbox.call("GET", path_of(mail)).text
    assert "Metal Toy Car" in page
    assert "A &lt;b&gt;bold&lt;/b&gt; Teapot" in page
    answer = answer_page(sandbox, path_of(mail), **{"stars-0": "5", "text-0": "Fast", "stars-1": "2"})
    assert answer.headers["Location"] == "https://example.com/done"
    rows = sandbox.rows("product-reviews")[-2:]
    assert [(row["sku"], row["stars"], row["content"]) for row in rows] == [("ABC-1234", 5, "Fast"), ("xyz", 2, "")]
    assert sandbox.call("GET", path_of(mail)).status == 410


def test_products_can_be_reviewed_one_after_the_other(sandbox: SandboxUnderTest) -> None:
    mail = delivered(sandbox, productReviewInvitation={"products": PRODUCTS})[1]
    assert "Still without a review: 1" in answer_page(sandbox, path_of(mail), **{"stars-1": "3"}).text
    assert "Teapot" not in sandbox.call("GET", path_of(mail)).text
    assert answer_page(sandbox, path_of(mail), **{"stars-1": "3"}).status == 400
    assert answer_page(sandbox, path_of(mail), **{"stars-0": "9"}).status == 400
    assert answer_page(sandbox, path_of(mail), **{"stars-0": "4"}).status == 200


def test_one_person_stays_one_consumer(sandbox: SandboxUnderTest) -> None:
    for number in ("1", "2"):
        answer_page(sandbox, link(sandbox, referenceId=number, email="Signe@Example.com", name="Signe"))
    assert {row["consumerId"] for row in sandbox.rows("reviews")[-2:]} == {"61761f1e8d2c4a0013b5c7da"}


def test_each_host_serves_its_own_pages(sandbox: SandboxUnderTest) -> None:
    path = link(sandbox)
    assert sandbox.call("GET", path, headers={"Host": "www.trustpilot.com"}).status == 200
    answer = sandbox.call("GET", path, headers={"Host": "api.trustpilot.com"})
    assert answer.status == 404
    assert "www.trustpilot.com" in answer.hint


def test_under_a_domain_anyone_may_write(door: object, judge: object) -> None:
    sandbox = SandboxUnderTest(door, judge, sandbox_id="default")  # type: ignore[arg-type]
    path = f"/evaluate/{sandbox['domain']}"
    assert "invited or not" in sandbox.call("GET", path).text
    assert answer_page(sandbox, path, stars="2", text="So so").status == 400
    assert answer_page(sandbox, path, stars="2", text="So so", name="Per", email="per@example.com").status == 200
    found = newest(sandbox)
    assert (found["source"], found["isVerified"], found["referralEmail"]) == ("Organic", False, None)
    sandbox.control("POST", "/reset")


def test_a_reset_forgets_the_links(sandbox: SandboxUnderTest) -> None:
    path = link(sandbox)
    sandbox.control("POST", "/reset")
    assert sandbox.call("GET", path).status == 404


def test_a_service_link_can_lead_on_to_product_reviews(sandbox: SandboxUnderTest) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    unit = f"/v1/private/product-reviews/business-units/{sandbox['businessUnitId']}"
    body = {
        "consumer": {"email": "ada@example.com", "name": "Ada Example"},
        "referenceId": "1001",
        "products": PRODUCTS,
    }
    product_link = sandbox.call("POST", f"{unit}/invitation-links", data=body, headers=headers).json["reviewUrl"]
    answer = answer_page(sandbox, link(sandbox, redirectUri=product_link))
    assert answer.headers["Location"] == product_link
    answer_page(sandbox, urlsplit(product_link).path, **{"stars-0": "5", "stars-1": "4"})
    found = sandbox.call("GET", f"{unit}/reviews?sku=xyz", headers=headers).json["productReviews"]
    assert [(row["stars"], row["referenceId"], row["consumer"]["email"]) for row in found] == [
        (4, "1001", "ada@example.com")
    ]
