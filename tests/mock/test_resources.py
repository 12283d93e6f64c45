"""Trustpilot's own pictures, words, locales and countries, none of them Trustpilot's artwork."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tpmock.common.locales import LOCALES
from tpmock.core import reference_data

from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

BASE = "/v1/resources"
STARS = ["0", "1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5"]
TARGETS = [
    *("images", "images/stars/4", "images/logos", "images/icons", "strings/stars/4"),
    *("metadata/locales", "metadata/countries"),
]


def test_what_is_known_of_locales_fits_together() -> None:
    locales, countries = reference_data.read("locales"), reference_data.read("countries")
    assert tuple(entry["locale"] for entry in locales) == LOCALES
    numbers = {entry["country"]: int(entry["countryId"]) for entry in countries}
    assert {entry["locale"][-2:]: entry["countryId"] for entry in locales} == numbers
    assert {entry["locale"] for entry in countries} <= set(LOCALES)
    defaults = [entry["locale"][:2] for entry in locales if entry["default"]]
    assert sorted(defaults) == sorted({locale[:2] for locale in LOCALES})
    assert all(list(words) == STARS for words in reference_data.read("stars").values())


@pytest.mark.parametrize("target", TARGETS)
def test_a_key_is_needed_as_the_reference_says(sandbox: SandboxUnderTest, target: str) -> None:
    assert sandbox.get(f"{BASE}/{target}").status == 200
    refused = sandbox.call("GET", f"{BASE}/{target}", headers={"apikey": "tpk-nobody"})
    assert (refused.status, refused.json["fault"]["faultstring"]) == (401, "Invalid API key")
    # Without a key the call belongs to the default sandbox, whose variants are the usual ones.
    missing = sandbox.call("GET", f"{BASE}/{target}")
    assert missing.status == 401
    assert "resources_key" in missing.hint


@pytest.mark.parametrize("target", TARGETS)
def test_by_variant_no_key_is_needed(sandbox: SandboxUnderTest, target: str) -> None:
    default = "/_mock/sandboxes/default/variants"
    sandbox.call("PATCH", default, data={"resources_key": "optional"})
    try:
        assert sandbox.call("GET", f"{BASE}/{target}").status == 200
    finally:
        sandbox.call("PATCH", default, data={"resources_key": "required"})


def test_links_lead_to_the_other_calls(sandbox: SandboxUnderTest) -> None:
    links = sandbox.get(f"{BASE}/images").json["links"]
    assert len(links) == len(STARS) + 2
    for link in links:
        assert sandbox.get(link["href"][link["href"].index("/v1/") :]).status == 200


@pytest.mark.parametrize("stars", STARS)
def test_stars_have_pictures_and_a_word(sandbox: SandboxUnderTest, stars: str) -> None:
    images = sandbox.get(f"{BASE}/images/stars/{stars}").json
    same_shape(images, golden("getStarImages"))
    assert images["stars"] == float(stars)
    assert images["star128x24"]["url"].startswith("//")
    assert "/_mock/example-images/" in images["star128x24"]["url"]
    assert sandbox.get(f"{BASE}/strings/stars/{stars}").json["stars"] == float(stars)


@pytest.mark.parametrize("kind", ["images", "strings"])
@pytest.mark.parametrize("stars", ["0.5", "6", "4.0", "four", "-1"])
def test_only_the_documented_numbers_of_stars(sandbox: SandboxUnderTest, kind: str, stars: str) -> None:
    assert sandbox.get(f"{BASE}/{kind}/stars/{stars}").status == 400


@pytest.mark.parametrize(("variant", "width"), [("numbers", 230), ("texts", "230")])
def test_sizes_are_numbers_and_by_variant_texts(sandbox: SandboxUnderTest, variant: str, width: object) -> None:
    sandbox.control("PATCH", "/variants", {"image_sizes": variant})
    assert sandbox.get(f"{BASE}/images/icons").json["icon230x230"]["width"] == width


def test_logos_come_by_background_with_their_names(sandbox: SandboxUnderTest) -> None:
    logos = sandbox.get(f"{BASE}/images/logos").json
    assert set(logos) == {"darkBackground", "lightBackground"}
    for sizes in logos.values():
        assert list(sizes) == ["logo72x18", "logo144x36", "logo288x72", "logo576x144", "logoSvg"]
        assert (sizes["logo144x36"]["width"], sizes["logo144x36"]["height"]) == (144, 36)


def test_the_svg_of_the_stars_is_as_small_as_the_smallest(sandbox: SandboxUnderTest) -> None:
    svg = sandbox.get(f"{BASE}/images/stars/4").json["starSvg"]
    assert (svg["width"], svg["height"]) == (128, 24)


def test_a_star_string_names_its_locale(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(f"{BASE}/strings/stars/5?locale=da-DK").json == {
        "locale": "da-DK",
        "stars": 5,
        "string": "Fremragende",
    }


@pytest.mark.parametrize(
    ("query", "word", "words"),
    [
        ("", "Excellent", ""),
        ("?locale=da-DK", "Fremragende", ""),
        ("?locale=ja-JP", "Excellent", "no translation for ja-JP"),
    ],
)
def test_five_stars_are_excellent(sandbox: SandboxUnderTest, query: str, word: str, words: str) -> None:
    answer = sandbox.get(f"{BASE}/strings/stars/5{query}")
    assert answer.json["string"] == word
    assert words in answer.hint


def test_by_variant_the_word_needs_a_locale(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"star_string_locale": "required"})
    assert sandbox.get(f"{BASE}/strings/stars/5").status == 400
    assert sandbox.get(f"{BASE}/strings/stars/5?locale=en-US").status == 200


def test_locales_have_numbers_and_countries_texts(sandbox: SandboxUnderTest) -> None:
    locales = sandbox.get(f"{BASE}/metadata/locales").json
    same_shape(locales, golden("listLocales"))
    assert locales["locales"][0].items() >= {"locale": "da-DK", "countryId": 1, "translatedName": "Danish"}.items()
    assert locales["defaultLocale"]["locale"] == "en-US"
    countries = sandbox.get(f"{BASE}/metadata/countries").json
    same_shape(countries, golden("listCountries"))
    assert countries["countries"][0] == golden("listCountries")["countries"][0]


def test_names_are_translated_as_far_as_they_are_known(sandbox: SandboxUnderTest) -> None:
    locales = sandbox.get(f"{BASE}/metadata/locales?translationLocale=da-DK")
    assert [entry["translatedName"] for entry in locales.json["locales"][:2]] == ["Dansk", "German (Austria)"]
    countries = sandbox.get(f"{BASE}/metadata/countries?locale=en-US")
    assert countries.json["countries"][0]["translatedName"] == "Denmark"
    assert countries.hint == ""
    assert "some names stay English" in locales.hint
    assert "some names stay English" in sandbox.get(f"{BASE}/metadata/countries?locale=da-DK").hint


@pytest.mark.parametrize(
    "target",
    ["metadata/locales?translationLocale=da", "metadata/countries?locale=danish", "strings/stars/5?locale=english"],
)
def test_a_malformed_locale_is_400(sandbox: SandboxUnderTest, target: str) -> None:
    assert sandbox.get(f"{BASE}/{target}").status == 400
