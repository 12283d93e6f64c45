"""Product reviews in the shape of seed document 004."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandboxes import SandboxUnderTest

TOY = "ABC-1234"
TOY_URL = "https://trustpilotdemo.com/products/metal-toy-car"


def reviews(sandbox: SandboxUnderTest, query: str, status: int = 200) -> Any:
    answer = sandbox.get(f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}/reviews?{query}")
    assert answer.status == status, answer.text
    return answer.json


def test_the_seeds_call_gets_the_seeds_shape(sandbox: SandboxUnderTest) -> None:
    assert reviews(sandbox, f"sku={TOY}&stars=5") == {
        "productReviews": [
            {
                "id": "670d5810ba62e6b31de97de9",
                "createdAt": "2024-10-14T17:42:40.286Z",
                "stars": 5,
                "content": "Such a great toy truck, my kids really enjoy it!",
                "consumer": {"id": "61761f1e8d2c4a0013b5c7d9", "displayName": "Kevin Example"},
                "language": "en",
                "attributeRatings": [],
                "attachments": [],
                "firstCompanyComment": None,
            }
        ],
        "links": [],
    }


@pytest.mark.parametrize(
    ("query", "stars"),
    [
        (f"sku={TOY}", [2, 4, 5]),
        (f"sku={TOY.lower()}", []),
        (f"sku={TOY},46493-32", [3, 2, 4, 5]),
        (f"sku={TOY}&sku=46493-32", [3, 2, 4, 5]),
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
        ("", "sku, productUrl"),
        ("sku=", "sku, productUrl"),
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


def test_an_unknown_unit_is_404_and_a_malformed_one_400(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(f"/v1/product-reviews/business-units/{'f' * 24}/reviews?sku=a").status == 404
    malformed = sandbox.get("/v1/product-reviews/business-units/zzz/reviews?sku=a")
    assert (malformed.status, malformed.json["message"]) == (400, "The given business unit id was malformed")
