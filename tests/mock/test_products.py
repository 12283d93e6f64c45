"""The catalog: filled in batches, read in pages, and its use by reviews and invitations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest, an_invitation

FLAG = "skuSameAsGoogleMerchantCenterProductId"
TEAPOT = {
    "sku": "Tea-1",
    "googleMerchantCenterProductId": "Product_DK_1",
    "title": "Teapot",
    "link": "http://shop.example.com/products/teapot",
    "imageLink": "http://shop.example.com/products/images/teapot.jpg",
    "price": "99.95",
    "currency": "EUR",
    "gtin": "3200000003774",
    "mpn": "HSC0424PP",
    "brand": "Potter",
    "description": "Holds six cups.",
    "productCategoryGoogleId": "1267",
    "groupId": "123456",
    "variationAttributes": {
        "color": "blue",
        "pattern": "striped",
        "material": "clay",
        "ageGroup": "adult",
        "gender": "female",
        "size": "XS",
    },
}


def products(sandbox: SandboxUnderTest, query: str = "", **options: Any) -> Answer:
    unit = options.pop("unit", sandbox["businessUnitId"])
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"} | options.pop("headers", {})
    target = f"/v1/private/business-units/{unit}/products{query}"
    return sandbox.call(options.pop("method", "GET"), target, headers=headers, **options)


def upload(sandbox: SandboxUnderTest, *entries: Any, **more: Any) -> Answer:
    return products(sandbox, method="POST", data={"products": list(entries), **more})


def skus(answer: Answer) -> list[str]:
    return [entry["sku"] for entry in answer.json["products"]]


def test_an_upload_is_answered_with_ids_and_images(sandbox: SandboxUnderTest) -> None:
    answer = upload(sandbox, TEAPOT, skuSameAsGoogleMerchantCenterProductId=True)
    same_shape(answer.json, golden("upsertProducts"))
    [entry] = answer.json["products"]
    assert entry | {"id": "", "processedImages": []} == golden("upsertProducts")["products"][0] | {
        "id": "",
        "processedImages": [],
    }
    assert "trustpilot.com" not in entry["processedImages"][0]["url"]


def test_the_list_has_what_was_uploaded(sandbox: SandboxUnderTest) -> None:
    uploaded = upload(sandbox, TEAPOT).json["products"][0]
    answer = products(sandbox, "?skus=Tea-1&locale=en-US")
    same_shape(answer.json, golden("listProducts"))
    [entry] = answer.json["products"]
    assert entry.items() >= uploaded.items()
    assert entry["productCategory"] == {"id": "1267", "name": None}
    assert entry["businessUnitId"] == sandbox["businessUnitId"]


def test_a_second_upload_changes_and_keeps_the_id(sandbox: SandboxUnderTest) -> None:
    first = upload(sandbox, TEAPOT).json["products"][0]
    second = upload(sandbox, {"sku": "Tea-1", "title": "Big teapot"}).json["products"][0]
    assert second == first | {"title": "Big teapot"}
    other = upload(sandbox, {"sku": "tea-1"}).json["products"][0]
    assert other["id"] != first["id"], "SKUs are case-sensitive"


def test_one_sku_twice_in_a_batch_is_one_product(sandbox: SandboxUnderTest) -> None:
    answer = upload(sandbox, TEAPOT, TEAPOT | {"title": "Kettle"})
    assert [entry["title"] for entry in answer.json["products"]] == ["Kettle"]


@pytest.mark.parametrize(("more", "expected"), [({FLAG: True}, "Tea-2"), ({FLAG: False}, None), ({}, None)])
def test_the_sku_can_serve_as_googles_id(
    sandbox: SandboxUnderTest, more: dict[str, bool], expected: str | None
) -> None:
    answer = upload(sandbox, {"sku": "Tea-2"}, **more)
    assert answer.json["products"][0]["googleMerchantCenterProductId"] == expected


def test_the_older_price_holds_its_currency(sandbox: SandboxUnderTest) -> None:
    answer = upload(sandbox, TEAPOT | {"price": "19.95 USD"})
    assert (answer.json["products"][0]["price"], answer.json["products"][0]["currency"]) == ("19.95", "USD")
    assert "older form" in answer.hint


def test_by_variant_the_price_is_given_with_its_currency(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"product_price": "with-currency"})
    assert upload(sandbox, TEAPOT).json["products"][0]["price"] == "99.95 EUR"
    assert upload(sandbox, {"sku": "Tea-3", "price": "1"}).json["products"][0]["price"] == "1"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (["ABC-1234", "45790-32"], True)),
        ("?page=0&perPage=10", (["ABC-1234", "45790-32"], True)),
        ("?perPage=1", (["ABC-1234"], False)),
        ("?perPage=1&page=2", (["45790-32"], True)),
        ("?perPage=10000&page=2147483647", ([], True)),
        ("?skus=45790-32,nothing", (["45790-32"], True)),
        ("?skus=abc-1234", ([], True)),
        ("?groupId=toys", (["ABC-1234"], True)),
        ("?groupId=none", ([], True)),
        ("?groupId=toys&skus=45790-32", (["45790-32"], True)),
    ],
)
def test_pages_and_filters(sandbox: SandboxUnderTest, query: str, expected: tuple[list[str], bool]) -> None:
    answer = products(sandbox, query)
    assert (skus(answer), answer.json["isLastPage"]) == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?page=0", "Page 0 was read as page 1"),
        ("?skus=abc-1234", "case-sensitive"),
        ("?skus=ABC-1234&groupId=toys", "groupId is ignored"),
    ],
)
def test_odd_questions_are_answered_with_a_hint(sandbox: SandboxUnderTest, query: str, words: str) -> None:
    assert words in products(sandbox, query).hint


@pytest.mark.parametrize("query", ["?page=-1", "?page=x", "?perPage=0", "?perPage=10001"])
def test_a_bad_page_is_400(sandbox: SandboxUnderTest, query: str) -> None:
    assert products(sandbox, query).status == 400


@pytest.mark.parametrize(
    "entry",
    [
        {"title": "No SKU"},
        {"sku": ""},
        {"sku": 1},
        {"sku": "a", "price": 99.95},
        {"sku": "a", "price": "cheap"},
        {"sku": "a", "currency": "euro"},
        {"sku": "a", "variationAttributes": "blue"},
        "a",
    ],
)
def test_one_bad_product_stops_the_batch(sandbox: SandboxUnderTest, entry: Any) -> None:
    assert upload(sandbox, TEAPOT, entry).status == 400
    assert skus(products(sandbox)) == ["ABC-1234", "45790-32"]


@pytest.mark.parametrize("data", [{}, {"products": []}, {"products": {}}, []])
def test_a_batch_needs_products(sandbox: SandboxUnderTest, data: Any) -> None:
    assert products(sandbox, method="POST", data=data).status == 400


def test_the_catalogue_is_not_for_everyone(sandbox: SandboxUnderTest) -> None:
    form = sandbox.password_form("reader@trustpilotdemo.example.com", "paper-boat-window")
    reader = {"Authorization": f"Bearer {sandbox.token(form).json['access_token']}"}
    assert products(sandbox, headers=reader).status == 200
    assert products(sandbox, method="POST", data={"products": [TEAPOT]}, headers=reader).status == 403
    for method, data in (("GET", None), ("POST", {"products": [TEAPOT]})):
        assert products(sandbox, method=method, data=data, unit="5a0000000000000000000003").status == 403
        assert products(sandbox, method=method, data=data, unit="zzz").status == 400
        assert products(sandbox, method=method, data=data, headers={"Authorization": ""}).status == 401
    assert products(sandbox, method="POST", form={"a": "b"}).status == 415
    large = {"products": [{"sku": "a" * 2**23}]}
    assert products(sandbox, method="POST", data=large, headers={"Connection": "close"}).status == 413


def test_reviews_show_the_product_as_the_catalogue_has_it(sandbox: SandboxUnderTest) -> None:
    upload(sandbox, {"sku": "46493-32", "title": "Uno, the game", "brand": "Cards & Co"})
    target = f"/v1/private/product-reviews/business-units/{sandbox['businessUnitId']}/reviews?sku=46493-32"
    answer = sandbox.call("GET", target, headers={"Authorization": f"Bearer {sandbox.access_token()}"})
    product = answer.json["productReviews"][0]["product"]
    assert (product["name"], product["brand"]) == ("Uno, the game", "Cards & Co")
    assert product["id"] is not None


def test_an_invitation_by_sku_needs_the_catalogue(sandbox: SandboxUnderTest) -> None:
    wanted = an_invitation(productReviewInvitation={"productSkus": ["Tea-1"]})
    refused = sandbox.invite(wanted)
    assert refused.status == 400
    assert "Tea-1" in refused.hint
    upload(sandbox, TEAPOT)
    assert sandbox.invite(wanted).status == 202
