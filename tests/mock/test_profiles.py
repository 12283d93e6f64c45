"""What a company shows of itself: profile, addresses on the web, pictures, boxes and locations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.doors import Answer
from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

FREE = "5a0000000000000000000001"
LOCATION = "43f51215-a1fc-4c60-b6dd-e4afb6d7b831"
RESTS = [
    *("profileinfo", "web-links?locale=da-DK", "categories", "images", "images/logo", "images/header"),
    *("images/promotion-box", "customerguarantee", "profilepromotion", "promotion-box", "locations"),
]


def shown(sandbox: SandboxUnderTest, rest: str, unit: str | None = None, headers: Any = None) -> Answer:
    return sandbox.get(f"/v1/business-units/{unit or sandbox['businessUnitId']}/{rest}", headers)


def test_the_profile_has_what_the_reference_shows(sandbox: SandboxUnderTest) -> None:
    profile = shown(sandbox, "profileinfo").json
    same_shape(profile, golden("getBusinessUnitProfileInfo"))
    assert profile | {"links": []} == golden("getBusinessUnitProfileInfo") | {"links": []}


def test_an_empty_profile_keeps_its_objects(sandbox: SandboxUnderTest) -> None:
    profile = shown(sandbox, "profileinfo", FREE).json
    assert (profile["isSubscriber"], profile["companyName"], profile["isClaimed"]) == (False, "Free Plan Shop", True)
    for name in ("address", "description", "socialmedia"):
        assert set(profile[name].values()) == {None}
    assert shown(sandbox, "profileinfo", "5a0000000000000000000004").json["isClaimed"] is False


def test_web_links_lead_to_pages_of_the_mock(sandbox: SandboxUnderTest) -> None:
    links = shown(sandbox, "web-links?locale=da-DK").json
    assert links["locale"] == "da-DK"
    assert links["profileUrl"].endswith("/review/trustpilotdemo.com")
    assert "trustpilot.com/" not in links["profileUrl"].removesuffix("trustpilotdemo.com")
    assert sandbox.call("GET", urlsplit(links["evaluateUrl"]).path).status == 200


def test_web_links_of_a_vendors_host_stay_with_the_vendor(sandbox: SandboxUnderTest) -> None:
    links = shown(sandbox, "web-links?locale=en-US", headers={"Host": "api.trustpilot.localhost:8080"}).json
    assert links["evaluateUrl"] == "http://www.trustpilot.localhost:8080/evaluate/trustpilotdemo.com"


def test_web_links_need_a_locale(sandbox: SandboxUnderTest) -> None:
    assert shown(sandbox, "web-links").status == 400
    assert shown(sandbox, "web-links?locale=danish").status == 400
    assert "is not a known locale" in shown(sandbox, "web-links?locale=xx-XX").hint


@pytest.mark.parametrize("rest", RESTS)
def test_unknown_units_are_404_malformed_ones_400_and_a_key_is_needed(sandbox: SandboxUnderTest, rest: str) -> None:
    assert shown(sandbox, rest).status == 200
    assert shown(sandbox, rest, "f" * 24).status == 404
    malformed = shown(sandbox, rest, "zzz")
    assert (malformed.status, malformed.json["message"]) == (400, "The given business unit id was malformed")
    assert sandbox.call("GET", f"/v1/business-units/{FREE}/{rest}").status == 401


# --- pictures and boxes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "member"),
    [("images/logo", "logoUrl"), ("images/header", "headerUrl"), ("images/promotion-box", "promotionBoxUrl")],
)
def test_pictures_are_named_on_the_mocks_own_host(sandbox: SandboxUnderTest, rest: str, member: str) -> None:
    assert "/_mock/example-images/" in shown(sandbox, rest).json[member]
    assert shown(sandbox, rest, FREE).json == {member: None}


def test_the_profile_picture_comes_in_three_sizes(sandbox: SandboxUnderTest) -> None:
    images = shown(sandbox, "images").json
    assert (images["image57x43"]["width"], images["image57x43"]["height"]) == (57, 43)
    assert "118x89" in images["image118x89"]["url"]
    assert shown(sandbox, "images", FREE).json["image198x149"]["url"] is None


def test_a_location_has_a_logo_of_its_own(sandbox: SandboxUnderTest) -> None:
    assert LOCATION in shown(sandbox, f"images/logo?locationId={LOCATION.upper()}").json["logoUrl"]
    unknown = shown(sandbox, "images/logo?locationId=ABC123")
    assert unknown.json == shown(sandbox, "images/logo").json
    assert "no location with that id" in unknown.hint


@pytest.mark.parametrize("rest", ["customerguarantee", "profilepromotion", "promotion-box"])
def test_a_box_holds_words_or_null(sandbox: SandboxUnderTest, rest: str) -> None:
    assert shown(sandbox, rest).json["header"]
    empty = shown(sandbox, rest, FREE).json
    assert (empty["header"], empty["text"], empty["url"]) == (None, None, None)


# --- locations --------------------------------------------------------------------------------------------------------


def test_locations_are_an_array_as_the_seed_says(sandbox: SandboxUnderTest) -> None:
    [location] = shown(sandbox, "locations").json
    assert (location["id"], location["externalId"], location["name"]) == (LOCATION, "ABC123", "Pilestraede 58")
    assert location["address"]["city"] == "Copenhagen"
    assert shown(sandbox, "locations", FREE).json == []
    assert shown(sandbox, "locations?page=2").json == []


def test_by_variant_locations_are_in_an_object(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"locations_body": "object"})
    assert len(shown(sandbox, "locations").json["locations"]) == 1
    assert shown(sandbox, "locations", FREE).json == {"locations": []}


@pytest.mark.parametrize("page", ["0", "x", "2147483648"])
def test_a_bad_page_of_locations_is_400(sandbox: SandboxUnderTest, page: str) -> None:
    assert shown(sandbox, f"locations?page={page}").status == 400
