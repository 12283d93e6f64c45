"""Product reviews that anyone may read: in the shape of seed document 004, imported ones, and their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

TOY = "ABC-1234"
TOY_URL = "https://trustpilotdemo.com/products/metal-toy-car"


def path(sandbox: SandboxUnderTest, rest: str = "") -> str:
    return f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}{rest}"


def reviews(sandbox: SandboxUnderTest, query: str, status: int = 200) -> Any:
    answer = sandbox.get(path(sandbox, f"/reviews?{query}"))
    assert answer.status == status, answer.text
    return answer.json


def imported(sandbox: SandboxUnderTest, query: str) -> list[int]:
    found = sandbox.get(path(sandbox, f"/imported-reviews?{query}")).json
    assert found.keys() == {"productReviews", "links"}
    return [review["stars"] for review in found["productReviews"]]


def batch(sandbox: SandboxUnderTest, kind: str, body: Any) -> Any:
    headers = {"apikey": sandbox["apiKey"]}
    return sandbox.call("POST", path(sandbox, f"/{kind}-summaries"), data=body, headers=headers)


def test_the_seeds_call_gets_the_seeds_answer(sandbox: SandboxUnderTest) -> None:
    assert reviews(sandbox, f"sku={TOY}&stars=5") == golden("listProductReviews")


@pytest.mark.parametrize(
    ("query", "stars"),
    [
        (f"sku={TOY}", [2, 4, 5]),
        (f"sku={TOY.lower()}", []),
        (f"sku={TOY},46493-32", [3, 2, 4, 5]),
        (f"sku={TOY}&sku=46493-32", [3, 2, 4, 5]),
        (f'sku=["{TOY}", "46493-32"]', [3, 2, 4, 5]),
        (f"productUrl={TOY_URL}", [2, 4, 5]),
        (f"sku=46493-32&productUrl={TOY_URL}", [3, 2, 4, 5]),
        (f"sku={TOY}&stars=4,5", [4, 5]),
        (f"sku={TOY}&language=da", [4]),
        (f"sku={TOY}&language=da,en", [2, 4, 5]),
        ("sku=nothing", []),
    ],
)
def test_filters(sandbox: SandboxUnderTest, query: str, stars: list[int]) -> None:
    assert [review["stars"] for review in reviews(sandbox, query)["productReviews"]] == stars


def test_a_sku_in_other_letters_is_explained(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(path(sandbox, "/reviews?sku=abc-1234"))
    assert "case-sensitive" in answer.hint
    assert TOY in answer.hint


def test_attribute_ratings_can_be_chosen_and_attachments_are_there(sandbox: SandboxUnderTest) -> None:
    [spoilt, good] = reviews(sandbox, f"sku={TOY}&stars=2,4&attributeIds=attributes.default.quality")["productReviews"]
    assert [rating["rating"] for rating in good["attributeRatings"]] == [4]
    assert spoilt["attachments"][0]["processedFiles"][0]["dimension"] == "360pxWide"


def test_pages_follow_each_other_by_links(sandbox: SandboxUnderTest) -> None:
    first = reviews(sandbox, f"sku={TOY}&perPage=2")
    assert len(first["productReviews"]) == 2
    [link] = first["links"]
    assert (link["rel"], link["method"]) == ("next-page", "GET")
    second = sandbox.get("/v1/" + link["href"].partition("/v1/")[2]).json
    assert [review["stars"] for review in second["productReviews"]] == [5]
    assert second["links"] == []


def test_beyond_the_last_page_there_is_nothing(sandbox: SandboxUnderTest) -> None:
    assert reviews(sandbox, f"sku={TOY}&page=2147483647") == {"productReviews": [], "links": []}


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", "sku: is not valid"),
        ("sku=", "sku: is not valid"),
        ("sku=[]", "sku: is not valid"),
        ("sku=a&page=0", "page"),
        ("sku=a&page=x", "page"),
        ("sku=a&page=2147483648", "page"),
        ("sku=a&perPage=101", "perPage"),
        ("sku=a&perPage=0", "perPage"),
        ("sku=a&stars=6", "stars"),
        ("sku=a&stars=five", "stars"),
    ],
)
def test_a_bad_parameter_is_named(sandbox: SandboxUnderTest, query: str, where: str) -> None:
    assert where in reviews(sandbox, query, status=400)["details"]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", "/reviews?sku=a"),
        ("GET", "?sku=a"),
        ("GET", "/imported-reviews?sku=a"),
        ("GET", "/imported-reviews-summaries?sku=a"),
        ("POST", "/batch-summaries"),
        ("POST", "/attribute-summaries"),
    ],
)
def test_unknown_units_are_404_malformed_ones_400_and_a_key_is_needed(
    sandbox: SandboxUnderTest, method: str, rest: str
) -> None:
    data = {"skus": ["a"]} if method == "POST" else None
    key = {"apikey": sandbox["apiKey"]}
    base = "/v1/product-reviews/business-units/"
    assert sandbox.call(method, f"{base}{'f' * 24}{rest}", data=data, headers=key).status == 404
    malformed = sandbox.call(method, f"{base}zzz{rest}", data=data, headers=key)
    assert (malformed.status, malformed.json["message"]) == (400, "The given business unit id was malformed")
    assert sandbox.call(method, path(sandbox, rest), data=data).status == 401


# --- imported reviews -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "stars"),
    [
        (f"sku={TOY}", [4]),
        (f"sku={TOY}&stars=4&language=en", [4]),
        (f"sku={TOY}&stars=5", []),
        (f"sku={TOY}&language=da", []),
        (f"sku={TOY}&page=2", []),
        ("sku=46493-32", []),
    ],
)
def test_imported_reviews_are_listed_apart(sandbox: SandboxUnderTest, query: str, stars: list[int]) -> None:
    assert imported(sandbox, query) == stars


@pytest.mark.parametrize(
    "rest",
    [
        "/imported-reviews",
        "/imported-reviews?sku=",
        "/imported-reviews?sku=a&page=0",
        "/imported-reviews?sku=a&perPage=101",
        "/imported-reviews-summaries",
        "/imported-reviews-summaries?sku=",
    ],
)
def test_imported_reviews_need_a_sku_and_a_good_page(sandbox: SandboxUnderTest, rest: str) -> None:
    assert sandbox.get(path(sandbox, rest)).status == 400


def test_imported_reviews_have_their_own_summary(sandbox: SandboxUnderTest) -> None:
    summary = sandbox.get(path(sandbox, f"/imported-reviews-summaries?sku={TOY},nothing")).json
    same_shape(summary, golden("getProductReviewsSummary"))
    assert (summary["numberOfReviews"]["total"], summary["starsAverage"]) == (1, 4.0)


# --- summaries --------------------------------------------------------------------------------------------------------


def test_the_summary_counts_published_reviews_only(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(path(sandbox, f"?sku={TOY}")).json == golden("getProductReviewsSummary")


@pytest.mark.parametrize(
    ("query", "total", "average"),
    [
        (f"sku={TOY},46493-32,{TOY}", 4, 3.5),
        (f"productUrl={TOY_URL}", 3, 3.7),
        ("sku=nothing", 0, 0),
        (f"sku=46493-32&productUrl={TOY_URL}", 1, 3),
    ],
)
def test_several_products_are_counted_together(
    sandbox: SandboxUnderTest, query: str, total: int, average: float
) -> None:
    summary = sandbox.get(path(sandbox, f"?{query}")).json
    assert (summary["numberOfReviews"]["total"], summary["starsAverage"]) == (total, average)


def test_a_product_address_beside_a_sku_is_ignored_and_said_so(sandbox: SandboxUnderTest) -> None:
    assert "productUrl is ignored" in sandbox.get(path(sandbox, f"?sku={TOY}&productUrl={TOY_URL}")).hint


def test_filters_at_the_summary_are_overlooked_and_said_so(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(path(sandbox, f"?sku={TOY}&stars=5&page=1"))
    assert answer.json == golden("getProductReviewsSummary")
    assert "product_summary_path" in answer.hint


def test_by_variant_filters_at_the_summary_give_reviews(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"product_summary_path": "filters-give-reviews"})
    assert sandbox.get(path(sandbox, f"?sku={TOY}")).json == golden("getProductReviewsSummary")
    assert sandbox.get(path(sandbox, f"?sku={TOY}&stars=5")).json == golden("listProductReviews")
    [link] = sandbox.get(path(sandbox, f"?sku={TOY}&perPage=1")).json["links"]
    assert path(sandbox, "?") in link["href"]
    assert "page=2" in link["href"]


@pytest.mark.parametrize("query", ["", "?sku=", "?sku=a&stars=9", "?sku=a&perPage=101", "?sku=a&page=0"])
def test_a_summary_of_nothing_is_400(sandbox: SandboxUnderTest, query: str) -> None:
    assert sandbox.get(path(sandbox, query)).status == 400


def test_batch_summaries_keep_the_order_and_say_zero(sandbox: SandboxUnderTest) -> None:
    answer = batch(sandbox, "batch", {"skus": ["46493-32", "abc-1234", TOY]})
    same_shape(answer.json, golden("getProductReviewsBatchSummaries"))
    found = [(entry["sku"], entry["numberOfReviews"]["total"]) for entry in answer.json["summaries"]]
    assert found == [("46493-32", 1), ("abc-1234", 0), (TOY, 3)]
    assert "case-sensitive" in answer.hint


def test_attribute_summaries_count_the_qualities(sandbox: SandboxUnderTest) -> None:
    answer = batch(sandbox, "attribute", {"skus": [TOY, "46493-32"], "locale": "en-GB"})
    [toy, uno] = answer.json["summaries"]
    found = {one["attributeName"]: (one["ratingAverage"], one["numberOfRatings"]) for one in toy["attributeRatings"]}
    assert found == {"Quality": (2.5, 2), "Value for money": (5.0, 1)}
    assert uno == {"sku": "46493-32", "attributeRatings": []}
    assert "No source" in answer.hint


@pytest.mark.parametrize("kind", ["batch", "attribute"])
@pytest.mark.parametrize("body", [{}, {"skus": []}, {"skus": "a"}, {"skus": [1]}, {"skus": [""]}, [], "a"])
def test_a_batch_needs_skus(sandbox: SandboxUnderTest, kind: str, body: Any) -> None:
    assert batch(sandbox, kind, body).status == 400


@pytest.mark.parametrize("kind", ["batch", "attribute"])
def test_a_batch_is_json_and_not_endless(sandbox: SandboxUnderTest, kind: str) -> None:
    target = path(sandbox, f"/{kind}-summaries")
    headers = {"apikey": sandbox["apiKey"]}
    assert sandbox.call("POST", target, form={"skus": "a"}, headers=headers).status == 415
    large = {"skus": ["a" * 2**20]}
    assert sandbox.call("POST", target, data=large, headers=headers | {"Connection": "close"}).status == 413
