"""Product reviews as their company sees them, and the links that ask for more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.doors import Answer
from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

TOY = "ABC-1234"
BASE = "/v1/private/product-reviews"
DANISH = "670d5810ba62e6b31de97dea"
FOREIGN_UNIT = "5a0000000000000000000003"


def private(sandbox: SandboxUnderTest, target: str, **options: Any) -> Answer:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"} | options.pop("headers", {})
    return sandbox.call(options.pop("method", "GET"), target, headers=headers, **options)


def listed(sandbox: SandboxUnderTest, query: str = "", kind: str = "reviews") -> Answer:
    return private(sandbox, f"{BASE}/business-units/{sandbox['businessUnitId']}/{kind}?{query}")


def link(sandbox: SandboxUnderTest, token: str | None = None, **changes: Any) -> Answer:
    body = {
        "consumer": {"email": "ada@example.com", "name": "Ada Example"},
        "referenceId": "4001",
        "locale": "en-US",
        "products": [{"sku": TOY, "name": "Metal Toy Car", "productUrl": "https://shop.example.com/toy"}],
        **changes,
    }
    body = {name: value for name, value in body.items() if value is not ...}
    headers = {"Authorization": f"Bearer {token or sandbox.access_token()}"}
    target = f"{BASE}/business-units/{sandbox['businessUnitId']}/invitation-links"
    return sandbox.call("POST", target, data=body, headers=headers)


def reader(sandbox: SandboxUnderTest) -> str:
    form = sandbox.password_form("reader@trustpilotdemo.example.com", "paper-boat-window")
    token: str = sandbox.token(form).json["access_token"]
    return token


def test_a_company_sees_consumer_product_and_state(sandbox: SandboxUnderTest) -> None:
    assert listed(sandbox, "language=da").json == golden("listPrivateProductReviews")


@pytest.mark.parametrize(
    ("query", "stars"),
    [
        ("", [3, 5, 2, 4, 5]),
        (f"sku={TOY}", [2, 4, 5]),
        (f"sku={TOY},46493-32&locale=en-US", [3, 2, 4, 5]),
        (f"sku={TOY}&state=unpublished", [1]),
        (f"sku={TOY}&state=published,unpublished,archived,underModeration", [1, 2, 4, 5]),
        (f"sku={TOY.lower()}", []),
        ("language=sv,da", [3, 4]),
        ("perPage=2&page=2", [2, 4]),
        ("page=2147483647&perPage=100", []),
    ],
)
def test_filters(sandbox: SandboxUnderTest, query: str, stars: list[int]) -> None:
    assert [review["stars"] for review in listed(sandbox, query).json["productReviews"]] == stars


def test_pages_are_linked_and_counted(sandbox: SandboxUnderTest) -> None:
    page = listed(sandbox, "perPage=2").json
    assert page["total"] == 5
    assert f"{BASE}/business-units/" in page["links"][0]["href"]


@pytest.mark.parametrize("query", ["state=deleted", "state=", "page=0", "perPage=0", "perPage=101"])
def test_a_bad_parameter_is_400(sandbox: SandboxUnderTest, query: str) -> None:
    assert listed(sandbox, query).status == 400


def test_summaries_are_sorted_by_sku(sandbox: SandboxUnderTest) -> None:
    answer = listed(sandbox, kind="summaries")
    same_shape(answer.json, golden("getProductReviewsBatchSummaries"))
    assert [entry["sku"] for entry in answer.json["summaries"]] == ["45790-32", "46493-32", TOY]
    assert [e["sku"] for e in listed(sandbox, "perPage=2&page=2", "summaries").json["summaries"]] == [TOY]
    assert listed(sandbox, "perPage=1000&page=9", "summaries").json == {"summaries": []}


@pytest.mark.parametrize("query", ["page=0", "perPage=0", "perPage=1001"])
def test_summaries_have_limits(sandbox: SandboxUnderTest, query: str) -> None:
    assert listed(sandbox, query, "summaries").status == 400


def test_one_review_is_the_same_as_in_the_list(sandbox: SandboxUnderTest) -> None:
    one = private(sandbox, f"{BASE}/{DANISH.upper()}?locale=da-DK").json
    assert one == golden("listPrivateProductReviews")["productReviews"][0]


def test_an_unknown_review_is_404_and_a_malformed_one_400(sandbox: SandboxUnderTest) -> None:
    assert private(sandbox, f"{BASE}/{'f' * 24}").status == 404
    assert private(sandbox, f"{BASE}/zzz").status == 400
    assert sandbox.get(f"{BASE}/{DANISH}").status == 401


@pytest.mark.parametrize("kind", ["reviews", "summaries"])
def test_a_foreign_unit_is_out_of_reach(sandbox: SandboxUnderTest, kind: str) -> None:
    assert private(sandbox, f"{BASE}/business-units/{FOREIGN_UNIT}/{kind}").status == 403
    assert private(sandbox, f"{BASE}/business-units/zzz/{kind}").status == 400
    assert sandbox.get(f"{BASE}/business-units/{sandbox['businessUnitId']}/{kind}").status == 401


def test_a_foreign_review_is_out_of_reach(sandbox: SandboxUnderTest) -> None:
    form = sandbox.password_form("owner@foreign.example.com", "other-side-of-town")
    headers = {"Authorization": f"Bearer {sandbox.token(form).json['access_token']}"}
    assert sandbox.call("GET", f"{BASE}/{DANISH}", headers=headers).status == 403


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_is_made_for_the_page_that_takes_reviews(sandbox: SandboxUnderTest) -> None:
    answer = link(sandbox)
    assert answer.status == 200
    assert answer.json["reviewUrl"].endswith("/evaluate/" + answer.json["reviewLinkId"])
    assert "send it yourself" in answer.hint


def test_what_is_written_under_a_link_is_in_the_private_list(sandbox: SandboxUnderTest) -> None:
    address = link(sandbox, products=..., productIds=["5f0000000000000000000001"], locale="da-DK").json["reviewUrl"]
    sandbox.call("POST", urlsplit(address).path, form={"stars-0": "3", "text-0": "Fine."})
    newest = listed(sandbox, f"sku={TOY}").json["productReviews"][0]
    assert (newest["stars"], newest["content"], newest["referenceId"]) == (3, "Fine.", "4001")
    assert newest["consumer"]["email"] == "ada@example.com"
    assert newest["product"]["id"] == "5f0000000000000000000001"


def test_a_link_by_the_ids_of_the_catalogue(sandbox: SandboxUnderTest) -> None:
    assert link(sandbox, products=..., productIds=["5F0000000000000000000002"]).status == 200
    unknown = link(sandbox, products=..., productIds=["f" * 24])
    assert unknown.status == 400
    assert "productIds must be ids from the catalog" in unknown.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"productIds": ["5f0000000000000000000001"]},
        {"products": ...},
        {"products": []},
        {"products": [{"sku": TOY}]},
        {"products": [{"sku": "", "name": "Car"}]},
        {"products": ..., "productIds": []},
        {"products": ..., "productIds": ["zzz"]},
        {"consumer": ...},
        {"consumer": {"name": "Ada Example"}},
        {"consumer": {"email": "ada", "name": "Ada Example"}},
        {"locale": "english"},
        {"locale": "xx-XX"},
        {"referenceId": 4001},
    ],
)
def test_a_link_that_cannot_be_made(sandbox: SandboxUnderTest, changes: dict[str, Any]) -> None:
    assert link(sandbox, **changes).status == 400


def test_a_link_needs_a_role_a_token_and_json(sandbox: SandboxUnderTest) -> None:
    assert link(sandbox, reader(sandbox)).status == 403
    assert link(sandbox, "tpa-nobody").status == 401
    target = f"{BASE}/business-units/{sandbox['businessUnitId']}/invitation-links"
    assert private(sandbox, target, method="POST", form={"a": "b"}).status == 415
    assert private(sandbox, target, method="POST").status == 415
    large = {"a": "b" * 2**20}
    assert private(sandbox, target, method="POST", data=large, headers={"Connection": "close"}).status == 413


def test_a_partner_is_advised_of_its_header(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"business_user_header": "required"})
    refused = link(sandbox)
    assert refused.status == 403
    assert "x-business-user-id" in refused.hint
