"""Business units: found by domain, by words, by id, all of them; and whether a domain is taken."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

FIND = "/v1/business-units/find?name="
ALL = "/v1/business-units/all?"
SEARCH = "/v1/business-units/search?"
FREE = "5a0000000000000000000001"
NOBODY = "f" * 24


def names(answer: Answer) -> list[str]:
    return [unit["name"]["identifying"] for unit in answer.json["businessUnits"]]


def private(sandbox: SandboxUnderTest, unit: str) -> Answer:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    return sandbox.call("GET", f"/v1/private/business-units/{unit}", headers=headers)


def test_a_unit_is_found_by_its_domain(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(FIND + sandbox["domain"])
    assert answer.status == 200
    assert answer.json["id"] == sandbox["businessUnitId"]
    assert answer.json["numberOfReviews"] == golden("getBusinessUnit")["numberOfReviews"]
    assert all(link["href"].startswith("http://") for link in answer.json["links"])


@pytest.mark.parametrize("name", ["www.trustpilotdemo.com", "TrustpilotDemo.com"])
def test_a_referring_name_finds_it_in_any_letter_case(sandbox: SandboxUnderTest, name: str) -> None:
    assert sandbox.get(FIND + name).json["name"]["identifying"] == "trustpilotdemo.com"


def test_the_key_may_stand_in_the_query(sandbox: SandboxUnderTest) -> None:
    assert sandbox.call("GET", f"{FIND}trustpilotdemo.com&apikey={sandbox['apiKey']}").status == 200


def test_an_access_token_serves_on_public_calls_too(sandbox: SandboxUnderTest) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    assert sandbox.call("GET", FIND + "trustpilotdemo.com", headers=headers).status == 200


@pytest.mark.parametrize(
    ("headers", "words"), [({}, "The API key is missing"), ({"apikey": "tpk-nobody"}, "No sandbox owns this API key")]
)
@pytest.mark.parametrize("target", [f"{FIND}a", ALL, f"{SEARCH}query=a", f"/v1/business-units/{FREE}"])
def test_without_a_good_key_the_gateway_refuses(
    sandbox: SandboxUnderTest, target: str, headers: dict[str, str], words: str
) -> None:
    answer = sandbox.call("GET", target, headers=headers)
    assert answer.status == 401
    assert answer.json["fault"]["faultstring"] == "Invalid API key"
    assert words in answer.hint


def test_an_unknown_domain_is_404(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(FIND + "nobody.example.com")
    assert answer.status == 404
    assert "nobody.example.com" in answer.hint


def test_a_page_in_place_of_a_domain_is_explained(sandbox: SandboxUnderTest) -> None:
    assert "scheme or a path" in sandbox.get(FIND + "https://trustpilotdemo.com/about").hint


def test_a_missing_name_is_400(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get("/v1/business-units/find")
    assert answer.status == 400
    assert answer.json["details"] == "query parameter name: is required"


def test_a_unit_without_reviews_has_no_score(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(FIND + "foreign.example.com").json["score"] == {"trustScore": 0.0, "stars": 0.0}


def test_an_unknown_parameter_is_ignored_and_named(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(FIND + "trustpilotdemo.com&Name=x")
    assert answer.status == 200
    assert "did you mean name?" in answer.hint


# --- one unit ---------------------------------------------------------------------------------------------------------


def test_one_unit_is_the_same_as_the_found_one(sandbox: SandboxUnderTest) -> None:
    unit = sandbox.get(f"/v1/business-units/{sandbox['businessUnitId'].upper()}").json
    same_shape(unit, golden("getBusinessUnit"))
    assert unit == sandbox.get(FIND + sandbox["domain"]).json


def test_an_unknown_unit_is_404_and_a_malformed_one_400(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(f"/v1/business-units/{NOBODY}").status == 404
    malformed = sandbox.get("/v1/business-units/zzz")
    assert (malformed.status, malformed.json["message"]) == (400, "The given business unit id was malformed")


def test_the_private_unit_is_there_for_its_own_people(sandbox: SandboxUnderTest) -> None:
    own = private(sandbox, sandbox["businessUnitId"])
    same_shape(own.json, golden("getBusinessUnit"))
    assert own.headers["X-Mock-Evidence"].startswith("status=official-code; SLACK, body=assumed")
    assert private(sandbox, FREE).status == 403
    assert private(sandbox, "zzz").status == 400
    assert sandbox.get(f"/v1/private/business-units/{FREE}").status == 401


# --- all --------------------------------------------------------------------------------------------------------------


def test_all_units_come_at_once_by_default(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(ALL)
    assert sandbox["domain"] in names(answer)
    assert len(names(answer)) == len(sandbox.rows("business-units"))
    assert "cursor" not in answer.json


def test_all_units_are_read_by_cursor_until_there_is_none(sandbox: SandboxUnderTest) -> None:
    read: list[str] = []
    query = "perPage=2"
    while query:
        page = sandbox.get(ALL + query)
        read += names(page)
        query = f"perPage=2&page=9&cursor={page.json['cursor']}" if "cursor" in page.json else ""
    assert read == names(sandbox.get(ALL))


def test_all_units_are_read_by_page_as_well(sandbox: SandboxUnderTest) -> None:
    everything = names(sandbox.get(ALL))
    pages = [names(sandbox.get(f"{ALL}perPage=2&page={number}")) for number in (1, 2, 3, 4)]
    assert [name for page in pages for name in page] == everything
    assert pages[-1] == []


@pytest.mark.parametrize(("country", "many"), [("DK", 2), ("dk,gb", 3), ("DK&country=SE", 3), ("ZZ", 0)])
def test_all_units_of_some_countries(sandbox: SandboxUnderTest, country: str, many: int) -> None:
    assert len(names(sandbox.get(f"{ALL}country={country}"))) == many


@pytest.mark.parametrize(
    "query",
    [
        "perPage=0",
        "perPage=1001",
        "page=0",
        "country=DNK",
        "cursor=%C3%A6",
        "cursor=abc",
        "cursor=" + base64.urlsafe_b64encode(b"before:5a").decode(),
        "cursor=" + base64.urlsafe_b64encode(b"\xff\xff").decode(),
    ],
)
def test_all_units_with_a_bad_parameter_are_400(sandbox: SandboxUnderTest, query: str) -> None:
    assert sandbox.get(ALL + query).status == 400


# --- search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("query=TRUSTPILOT", ["trustpilotdemo.com"]),
        ("query=permission%20switched", ["switched-off.example.com"]),
        ("query=example.com&country=gb", ["free.example.com"]),
        ("query=example.com&perpage=1&page=2", ["switched-off.example.com"]),
        ("query=example.com&page=99", []),
        ("query=nothing", []),
    ],
)
def test_units_are_found_by_words(sandbox: SandboxUnderTest, query: str, found: list[str]) -> None:
    assert names(sandbox.get(SEARCH + query)) == found


def test_per_page_in_the_usual_spelling_is_ignored_and_named(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(f"{SEARCH}query=example.com&perPage=1")
    assert len(names(answer)) > 1
    assert "did you mean perpage?" in answer.hint


@pytest.mark.parametrize(
    "query", ["", "query=", "query=a&perpage=0", "query=a&perpage=101", "query=a&page=0", "query=a&country=DNK"]
)
def test_a_bad_search_is_400(sandbox: SandboxUnderTest, query: str) -> None:
    assert sandbox.get(SEARCH + query).status == 400


# --- domains ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "available"),
    [
        ("trustpilotdemo.com", False),
        ("Foreign.Example.com", False),
        ("unclaimed.example.com", True),
        ("new.test", True),
    ],
)
def test_a_domain_is_available_until_it_is_claimed(sandbox: SandboxUnderTest, domain: str, available: Any) -> None:
    answer = sandbox.call("GET", f"/v1/business-signup/domain-availability?domain={domain}")
    assert answer.json == golden("getDomainAvailability") | {"domainIsAvailable": available}
    assert sandbox.get(f"/v1/business-signup/domain-availability?domain={domain}").json == answer.json


def test_availability_needs_a_domain_and_a_key_that_comes_is_judged(sandbox: SandboxUnderTest) -> None:
    assert sandbox.call("GET", "/v1/business-signup/domain-availability").status == 400
    headers = {"apikey": "tpk-nobody"}
    assert sandbox.call("GET", "/v1/business-signup/domain-availability?domain=a", headers=headers).status == 401
