"""Find a business unit: the key by header and by query, 404 for what nobody knows."""

from __future__ import annotations

import pytest

from tests.sandboxes import SandboxUnderTest

FIND = "/v1/business-units/find?name="


def test_a_unit_is_found_by_its_domain(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(FIND + sandbox["domain"])
    assert answer.status == 200
    assert answer.json["id"] == sandbox["businessUnitId"]
    assert answer.json["numberOfReviews"] == {
        "total": 14,
        "usedForTrustScoreCalculation": 14,
        "oneStar": 2,
        "twoStars": 3,
        "threeStars": 2,
        "fourStars": 5,
        "fiveStars": 2,
    }
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
    ("headers", "words"), [({}, "No API key came"), ({"apikey": "tpk-nobody"}, "No sandbox owns this API key")]
)
def test_without_a_good_key_the_gateway_refuses(sandbox: SandboxUnderTest, headers: dict[str, str], words: str) -> None:
    answer = sandbox.call("GET", FIND + "trustpilotdemo.com", headers=headers)
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
