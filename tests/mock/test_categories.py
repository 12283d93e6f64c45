"""Categories: the tree, one of them, who is in it, and where a company stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

ALL = "/v1/categories"


def ids(sandbox: SandboxUnderTest, query: str = "") -> list[str]:
    return [entry["categoryId"] for entry in sandbox.get(f"{ALL}?{query}").json["categories"]]


def members(sandbox: SandboxUnderTest, category: str, query: str = "") -> Any:
    answer = sandbox.get(f"{ALL}/{category}/business-units?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def test_the_pet_store_is_listed_as_in_the_reference(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(f"{ALL}?parentId=animals_pets")
    same_shape(answer.json, golden("listCategories"))
    assert golden("listCategories")["categories"][0] in answer.json["categories"]


def test_some_categories_are_in_some_countries_only(sandbox: SandboxUnderTest) -> None:
    assert "christmas_market" in ids(sandbox)
    assert "christmas_market" in ids(sandbox, "country=dk")
    assert "christmas_market" not in ids(sandbox, "country=US")


def test_names_are_translated_where_there_are_words(sandbox: SandboxUnderTest) -> None:
    danish = sandbox.get(f"{ALL}?parentId=animals_pets&locale=da-DK").json["categories"]
    assert danish[0] == {"categoryId": "pet_store", "displayName": "Dyrehandel", "name": "pet_store"}
    polish = sandbox.get(f"{ALL}?parentId=animals_pets&locale=pl-PL")
    assert polish.json["categories"][0]["displayName"] == "Pet Store"
    assert "no translation for pl-PL" in polish.hint


def test_beneath_nothing_is_nothing(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(f"{ALL}?parentId=nothing")
    assert answer.json == {"categories": []}
    assert "No category has this id" in answer.hint


def test_one_category_is_as_in_the_reference(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(f"{ALL}/pet_store?country=DK").json == golden("getCategory")
    assert sandbox.get(f"{ALL}/tea_store?country=DK").json["businessUnitCount"] == 2
    assert sandbox.get(f"{ALL}/food_drink?country=GB&locale=sv-SE").json["displayName"] == "Mat och dryck"


def test_an_unknown_category_is_404_and_says_where_it_is(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(f"{ALL}/nothing?country=DK").status == 404
    elsewhere = sandbox.get(f"{ALL}/christmas_market?country=US")
    assert elsewhere.status == 404
    assert "AT, DE, DK only" in elsewhere.hint
    assert sandbox.get(f"{ALL}/nothing/business-units").status == 404


@pytest.mark.parametrize(
    "target",
    [
        "?country=DNK",
        "?locale=danish",
        "/pet_store",
        "/pet_store?country=DNK",
        "/pet_store?country=DK&locale=da",
        "/pet_store/business-units?perPage=-1",
        "/pet_store/business-units?perPage=101",
        "/pet_store/business-units?page=0",
        "/pet_store/business-units?country=D",
    ],
)
def test_a_bad_parameter_is_400(sandbox: SandboxUnderTest, target: str) -> None:
    assert sandbox.get(ALL + target).status == 400


@pytest.mark.parametrize("target", ["", "/pet_store?country=DK", "/pet_store/business-units"])
def test_categories_need_a_key(sandbox: SandboxUnderTest, target: str) -> None:
    assert sandbox.call("GET", ALL + target).status == 401


def test_the_best_of_a_category_come_first(sandbox: SandboxUnderTest) -> None:
    found = members(sandbox, "toy_store")
    assert found["totalNumberOfBusinesses"] == 2
    first, second = found["businessUnits"]
    assert (first["identifyingName"], first["rank"], first["numberOfReviews"]) == ("switched-off.example.com", 1, 9)
    assert second["location"] == {"city": "Copenhagen", "zipCode": "1112", "address": "Pilestraede 58"}
    assert [entry["displayName"] for entry in second["categories"]] == ["Tea Store", "Toy Store"]
    assert "/_mock/example-images/" in second["logoUrl"]


def test_a_category_counts_those_beneath_it(sandbox: SandboxUnderTest) -> None:
    assert members(sandbox, "food_drink")["totalNumberOfBusinesses"] == 3
    assert members(sandbox, "food_drink", "country=GB")["businessUnits"][0]["displayName"] == "Free Plan Shop"


def test_pages_of_a_category_may_be_empty(sandbox: SandboxUnderTest) -> None:
    assert members(sandbox, "toy_store", "perPage=0") == {"totalNumberOfBusinesses": 2, "businessUnits": []}
    assert [unit["rank"] for unit in members(sandbox, "toy_store", "perPage=1&page=2")["businessUnits"]] == [2]
    assert members(sandbox, "toy_store", "perPage=100&page=2147483647")["businessUnits"] == []


def test_a_company_stands_somewhere_in_its_categories(sandbox: SandboxUnderTest) -> None:
    target = f"/v1/business-units/{sandbox['businessUnitId']}/categories"
    first, second = sandbox.get(f"{target}?locale=da-DK").json["categories"]
    assert (first["displayName"], first["isPrimary"], second["isPrimary"]) == ("Tebutik", True, False)
    assert first["ranking"] == {"position": 1, "cardinality": 2}
    assert sandbox.get(f"{target}?country=SE").json["categories"][0]["ranking"] is None
    assert sandbox.get(f"{target}?country=Sweden").status == 400


def test_by_variant_categories_are_as_in_the_older_copy(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"category_fields": "older"})
    listed = sandbox.get(ALL).json
    assert listed["totalNumberOfCategories"] == len(listed["categories"])
    [toys] = [entry for entry in listed["categories"] if entry["categoryId"] == "toys_games"]
    assert (toys["parentId"], toys["numberOfBusinesses"], len(toys["childrenCategories"])) == (None, 2, 3)
    one = sandbox.get(f"{ALL}/christmas_market?country=DK").json
    assert (one["countries"], one["childrenCategories"]) == (["AT", "DE", "DK"], [])
    assert "US" in sandbox.get(f"{ALL}/tea_store?country=DK").json["countries"]
