"""The Trustpilot side: plans, reviews, people, tokens, webhooks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.mock.console.conftest import DEFAULT, Visitor
from tests.mock.console.trustpilot import invite
from tests.support.stub_destination import StubDestination

ROOM = "/trustpilot"
NASTY = "<script>alert(1)</script> עדה"
PRODUCT = {"type": "product", "sku": "ABC-1234", "stars": 2}


def the_review(visitor: Visitor, **changes: Any) -> dict[str, Any]:
    return dict(visitor.api("POST", "/reviews", {"stars": 4, "text": "Good.", **changes}))


def at(review: dict[str, Any]) -> str:
    return f"{ROOM}/reviews/{review['id']}"


def again(visitor: Visitor, review: dict[str, Any], do: str, **form: str) -> str:
    """Send a form of a review's page; the page then."""
    return visitor.send(f"{at(review)}/{do}", back=f"{DEFAULT}{at(review)}", **form).text


def row(visitor: Visitor, collection: str, review: dict[str, Any]) -> dict[str, Any]:
    [found] = visitor.api("GET", f"/{collection}?id={review['id']}")[collection]
    return dict(found)


# --- units and partners ---------------------------------------------------------------------------------------------


def test_plans_and_permissions_are_switches(visitor: Visitor) -> None:
    own = visitor.sandbox["credentials"]
    page = visitor.see(f"{ROOM}/")
    assert 'aria-checked="true" name="plan" value="free" aria-label="Paid plan of Trustpilot Demo Shop"' in page
    unit = f"{ROOM}/units/{own['businessUnitId']}"
    assert "Trustpilot Demo Shop: free plan, partners may act for it." in visitor.send(unit, plan="free").text
    assert "partners may not act" in visitor.send(unit, partnerPermission="false").text
    visitor.send(unit, onlyPartner=own["partnerId"])
    [kept] = visitor.api("GET", f"/business-units?id={own['businessUnitId']}")["business-units"]
    assert (kept["plan"], kept["partnerPermission"], kept["onlyPartner"]) == ("free", False, own["partnerId"])
    visitor.send(unit, onlyPartner="")
    [kept] = visitor.api("GET", f"/business-units?id={own['businessUnitId']}")["business-units"]
    assert kept["onlyPartner"] is None
    for wrong in ({"plan": "gold"}, {}):
        assert 'role="alert"' in visitor.send(unit, **wrong).text


# --- reviews --------------------------------------------------------------------------------------------------------


def test_each_unit_shows_its_integration_key(visitor: Visitor) -> None:
    keys = {unit["integrationKey"] for unit in visitor.api("GET", "/business-units")["business-units"]}
    page = visitor.see(f"{ROOM}/")
    assert [key for key in keys if f"<code>{key}</code>" not in page] == [None]
    assert "none: unclaimed" in page


def test_reviews_are_listed_newest_first_and_filtered(visitor: Visitor) -> None:
    the_review(visitor, stars=1, text="Late.", consumerName=NASTY)
    page = visitor.see(f"{ROOM}/reviews")
    assert page.index("Late.") < page.index("Would buy again")
    assert "<script>alert" not in page
    assert "Late." not in visitor.see(f"{ROOM}/reviews?stars=5")
    assert "No matching review" in visitor.see(f"{ROOM}/reviews?referenceId=nothing")
    assert "Late." not in visitor.see(f"{ROOM}/reviews?reported=true")


def test_a_page_has_fifty(visitor: Visitor) -> None:
    for number in range(60):
        the_review(visitor, text=f"number {number}.")
    total = visitor.api("GET", "/reviews?limit=1")["total"]
    assert f"1 to 50 of {total} reviews" in visitor.see(f"{ROOM}/reviews")
    second = visitor.see(f"{ROOM}/reviews?page=2")
    assert "number 9." in second
    assert "number 10." not in second


@pytest.mark.parametrize("kind", ["service", "product"])
def test_a_consumer_whom_nobody_invited_writes(visitor: Visitor, kind: str) -> None:
    form = {"type": kind, "stars": "3", "text": NASTY, "consumerName": "Grace", "consumerEmail": "grace@example.com"}
    form |= {"title": "So so"} if kind == "service" else {"sku": "ABC-1234"}
    page = visitor.send(f"{ROOM}/reviews", **form).text
    assert "The review was written." in page
    assert "3 of 5 stars" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert 'role="alert"' in visitor.send(f"{ROOM}/reviews", **{**form, "stars": "many"}).text


def test_the_company_answers_by_the_real_api_and_takes_it_back(visitor: Visitor) -> None:
    review = the_review(visitor)
    page = again(visitor, review, "reply", message=f"Thanks. {NASTY}")
    assert "The reply was posted." in page
    assert "Thanks. &lt;script&gt;" in page
    [call] = visitor.api("GET", "/journal?operation=replyToServiceReview")["journal"]
    assert call["status"] == 201
    assert row(visitor, "reviews", review)["reply"] == f"Thanks. {NASTY}"
    again(visitor, review, "unreply")
    assert row(visitor, "reviews", review)["reply"] is None


def test_a_product_review_is_answered_in_its_conversation(visitor: Visitor) -> None:
    review = the_review(visitor, **PRODUCT)
    assert "We send another." in again(visitor, review, "reply", message="We send another.")
    page = again(visitor, review, "reply", message=f"It is on its way. {NASTY}")
    assert page.index("We send another.") < page.index("It is on its way. &lt;script&gt;")
    assert "is archived now" in again(visitor, review, "state", state="archived")
    assert row(visitor, "product-reviews", review)["state"] == "archived"
    assert 'role="alert"' in again(visitor, review, "state", state="gone")


def test_an_answer_that_the_api_refuses_is_said_with_its_reason(visitor: Visitor) -> None:
    review = the_review(visitor)
    visitor.api("PATCH", f"/business-units/{visitor.sandbox['credentials']['businessUnitId']}", {"plan": "free"})
    page = again(visitor, review, "reply", message="Thanks.")
    assert 'role="alert"' in page
    assert "answered 403. " in page
    assert row(visitor, "reviews", review)["reply"] is None
    visitor.api("POST", "/faults", {"operation": "createAccessToken", "status": 503})
    assert "No access token was issued." in again(visitor, review, "tag", group="generic", value="tea")


def test_tags_come_and_go(visitor: Visitor) -> None:
    review = the_review(visitor)
    value = "tea & <b>cake</b> 100%"
    assert "tea &amp; &lt;b&gt;cake" in again(visitor, review, "tag", group="generic", value=value)
    assert row(visitor, "reviews", review)["tags"] == [{"group": "generic", "value": value}]
    again(visitor, review, "untag", group="generic", value=value)
    assert row(visitor, "reviews", review)["tags"] == []


def test_a_review_is_reported_and_the_report_withdrawn(visitor: Visitor) -> None:
    review = the_review(visitor)
    page = again(visitor, review, "report", reason="<b>rude</b>", visibility="hidden")
    assert "&lt;b&gt;rude" in page
    assert "Withdraw the report" in page
    assert row(visitor, "reviews", review)["report"]["reviewVisibility"] == "hidden"
    again(visitor, review, "report")
    assert row(visitor, "reviews", review)["reported"] is False


def test_the_writer_takes_it_back(visitor: Visitor) -> None:
    for review in (the_review(visitor), the_review(visitor, **PRODUCT)):
        assert "The review was deleted" in visitor.send(f"{at(review)}/delete").text
        assert visitor.get(at(review)).status_code == 404


# --- people ---------------------------------------------------------------------------------------------------------


def test_users_are_shown_with_their_roles(visitor: Visitor) -> None:
    page = visitor.see(f"{ROOM}/users")
    for text in ("manager@trustpilotdemo.example.com", "Viewer", "no password grant"):
        assert text in page
    assert f"{visitor.api('GET', '/business-users')['total']} business users" in page


def test_two_step_verification_is_a_switch(visitor: Visitor) -> None:
    user = visitor.sandbox["credentials"]["businessUserId"]
    name = "2-step verification of owner@trustpilotdemo.example.com"
    assert f'aria-checked="false" name="twoStep" value="true" aria-label="{name}"' in visitor.see(f"{ROOM}/users")
    assert "the password grant is refused" in visitor.send(f"{ROOM}/users/{user}", twoStep="true").text
    assert f'aria-checked="true" name="twoStep" value="false" aria-label="{name}"' in visitor.see(f"{ROOM}/users")
    assert "the password grant works" in visitor.send(f"{ROOM}/users/{user}", twoStep="false").text
    assert 'role="alert"' in visitor.send(f"{ROOM}/users/nobody", twoStep="true").text


def test_a_permission_is_switched_by_the_mock_or_by_an_admin(visitor: Visitor) -> None:
    unit = f"{ROOM}/units/{visitor.sandbox['credentials']['businessUnitId']}"
    manager, admin = (f"5f1d2c3b4a5968770615243{digit}" for digit in "43")
    assert f'<option value="{manager}">by manager@trustpilotdemo.example.com (Manager)' in visitor.see(f"{ROOM}/")
    assert "needs Admin" in visitor.send(unit, partnerPermission="false", businessUserId=manager).text
    for user in ("", admin):
        for value, words in (("false", "partners may not act"), ("true", "partners may act")):
            assert words in visitor.send(unit, partnerPermission=value, businessUserId=user).text


def test_tokens_die_on_the_clock_or_by_a_button(visitor: Visitor) -> None:
    assert "No program has requested" in visitor.see(f"{ROOM}/tokens")
    invite(visitor)
    page = visitor.see(f"{ROOM}/tokens")
    assert "4 days 4 hours" in page
    [button] = re.findall(r"/trustpilot/tokens/(\w+)/revoke", page)
    assert ">revoked<" in visitor.send(f"{ROOM}/tokens/{button}/revoke", back=f"{DEFAULT}{ROOM}/tokens").text
    invite(visitor)
    visitor.api("POST", "/clock/advance", {"by": "101h"})
    assert ">expired<" in visitor.see(f"{ROOM}/tokens")


def test_a_redirect_address_is_registered_and_removed(visitor: Visitor) -> None:
    place, address = f"{ROOM}/redirect-addresses", "https://shop.example.com/console"
    assert f"<bdi>{address}</bdi>" in visitor.send(place, address=address, back=f"{DEFAULT}{place}").text
    page = visitor.send(f"{place}/remove", address=address, back=f"{DEFAULT}{place}").text
    assert f"<bdi>{address}</bdi>" not in page
    assert "cannot be registered" in visitor.send(place, address="shop", back=f"{DEFAULT}{place}").text


# --- webhooks -------------------------------------------------------------------------------------------------------


def test_addresses_are_told_told_again_and_told_no_more(visitor: Visitor, destination: StubDestination) -> None:
    url = f"{destination.url}/hook"
    back = f"{DEFAULT}{ROOM}/webhooks"
    page = visitor.send(f"{ROOM}/webhooks/subscriptions", event="service-review-created", url=url, back=back).text
    assert "1 subscription<" in page
    the_review(visitor, text=NASTY)
    visitor.api("POST", "/settle", {})
    page = visitor.see(f"{ROOM}/webhooks")
    assert "1 attempt and the body" in page
    assert "<script>alert" not in page
    visitor.send(f"{ROOM}/webhooks/1/replay")
    visitor.api("POST", "/settle", {})
    assert "2 attempts and the body" in visitor.see(f"{ROOM}/webhooks")
    assert len(destination.received) == 2
    [one] = re.findall(r"subscriptions/(\w+)/remove", page)
    assert "No subscriptions yet" in visitor.send(f"{ROOM}/webhooks/subscriptions/{one}/remove", back=back).text
    assert (
        'role="alert"' in visitor.send(f"{ROOM}/webhooks/subscriptions", event="service-review-created", url="x").text
    )
