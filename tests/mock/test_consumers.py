"""Consumers, their reviews, and the webhooks when they leave."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.mock.test_service_reviews import TAGGED, UNKNOWN, write
from tests.support.sandboxes import SandboxUnderTest

ADA = "61761f1e8d2c4a0013b5c7de"
#: Leaves out of a feed what is deleted in the default world.
SINCE = "startDate=2025-01-01"


def test_a_profile_shows_what_a_consumer_shows(sandbox: SandboxUnderTest) -> None:
    profile = sandbox.get(f"/v1/consumers/{ADA}/profile").json
    assert (profile["displayName"], profile["city"], profile["birthYear"]) == ("Ada Specimen", "London", None)
    assert profile["profileImage"]["image24x24"]["width"] == 24
    assert "@" not in json.dumps(profile)


def test_the_numbers_of_a_consumer_are_those_of_the_list(sandbox: SandboxUnderTest) -> None:
    number = sandbox.get(f"/v1/consumers/{ADA}").json["numberOfReviews"]
    assert number == len(sandbox.get(f"/v1/consumers/{ADA}/reviews?perPage=100").json["reviews"]) > 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("stars=5", 2),
        ("businessUnitId=5A0000000000000000000002", 1),
        ("internalLocationId=43f51215-a1fc-4c60-b6dd-e4afb6d7b831", 1),
        ("perPage=100", 4),
        ("page=2147483647", 0),
        ("language=en", 3),
        ("businessUnitId=5a0000000000000000000002", 1),
        ("page=9", 0),
        ("perPage=2", 2),
    ],
)
def test_filters_of_a_consumers_reviews(sandbox: SandboxUnderTest, query: str, count: int) -> None:
    found = sandbox.get(f"/v1/consumers/{ADA}/reviews?{query}").json["reviews"]
    assert len(found) == count


@pytest.mark.parametrize("query", ["page=0", "page=2147483648", "perPage=0", "perPage=101", "stars=0", "orderBy=new"])
def test_a_bad_filter_of_a_consumers_reviews_is_named(sandbox: SandboxUnderTest, query: str) -> None:
    answer = sandbox.get(f"/v1/consumers/{ADA}/reviews?{query}")
    assert (answer.status, query.partition("=")[0] in answer.json["details"]) == (400, True)


def test_orders_of_a_consumers_reviews(sandbox: SandboxUnderTest) -> None:
    stars = [row["stars"] for row in sandbox.get(f"/v1/consumers/{ADA}/reviews?orderBy=stars.asc").json["reviews"]]
    assert stars == sorted(stars)
    moments = [
        row["createdAt"] for row in sandbox.get(f"/v1/consumers/{ADA}/reviews?orderBy=createdat.asc").json["reviews"]
    ]
    assert moments == sorted(moments)


@pytest.mark.parametrize("name", ["", "/profile", "/web-links?locale=en-US", "/reviews"])
@pytest.mark.parametrize(("consumer", "status"), [(UNKNOWN, 404), ("zzz", 400)])
def test_an_unknown_or_malformed_consumer(sandbox: SandboxUnderTest, name: str, consumer: str, status: int) -> None:
    assert sandbox.get(f"/v1/consumers/{consumer}{name}").status == status


def test_web_links_need_a_locale(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(f"/v1/consumers/{ADA}/web-links").status == 400
    assert ADA in sandbox.get(f"/v1/consumers/{ADA}/web-links?locale=da-DK").json["profileUrl"]


def bulk(sandbox: SandboxUnderTest, ids: list[str]) -> tuple[int, dict[str, object]]:
    headers = {"apikey": sandbox["apiKey"]}
    answer = sandbox.call("POST", "/v1/consumers/profile/bulk", data={"consumerIds": ids}, headers=headers)
    return answer.status, answer.json


def test_many_profiles_come_keyed_by_id(sandbox: SandboxUnderTest) -> None:
    status, body = bulk(sandbox, [ADA, UNKNOWN, ADA])
    assert status == 200
    assert list(body["consumers"]) == [ADA]  # type: ignore[call-overload]
    assert body["notFoundConsumerIds"] == [UNKNOWN]


def test_ids_may_be_in_capitals(sandbox: SandboxUnderTest) -> None:
    body = bulk(sandbox, [ADA.upper()])[1]
    assert body["consumers"][ADA.upper()]["id"] == ADA  # type: ignore[index]


def test_a_thousand_profiles_at_most(sandbox: SandboxUnderTest) -> None:
    assert bulk(sandbox, [f"{number:024x}" for number in range(1000)])[0] == 200
    assert bulk(sandbox, [f"{number:024x}" for number in range(1001)])[0] == 400


@pytest.mark.parametrize(
    ("name", "valid"), [("Ada", True), ("", False), (None, False), ("x" * 31, False), ("a@example.com", False)]
)
def test_names_that_may_be_shown(sandbox: SandboxUnderTest, name: str | None, *, valid: bool) -> None:
    headers = {"apikey": sandbox["apiKey"]}
    body = {"displayName": name}
    judged = sandbox.call("POST", "/v1/consumers/profile/displayname/validate", data=body, headers=headers).json
    assert judged["isValid"] is valid
    made = sandbox.call("POST", "/v1/consumers/profile/displayname/create", data=body, headers=headers).json
    assert (made["displayName"] == name) is valid


def test_a_consumer_who_leaves_takes_all_reviews_along(sandbox: SandboxUnderTest) -> None:
    written = sandbox.get(f"/v1/consumers/{ADA}").json["numberOfReviews"]
    sandbox.control("DELETE", f"/consumers/{ADA}")
    assert sandbox.get(f"/v1/consumers/{ADA}").status == 404
    assert [row["consumerId"] for row in sandbox.get(f"/v1/consumers/deletions?{SINCE}").json["consumers"]] == [ADA]
    assert len(sandbox.get(f"/v1/reviews/deletions?{SINCE}").json["reviews"]) == written


def test_the_likes_of_a_consumer_who_leaves_are_gone_too(sandbox: SandboxUnderTest) -> None:
    sandbox.control("DELETE", "/consumers/61761f1e8d2c4a0013b5c7dc")
    assert sandbox.get(f"/v1/reviews/{TAGGED}").json["numberOfLikes"] == 0
    assert sandbox.get(f"/v1/reviews/{TAGGED}/likes").json["likes"] == []


def test_the_feed_is_read_by_token_to_its_end(sandbox: SandboxUnderTest) -> None:
    gone = [write(sandbox) for _ in range(5)]
    for review_id in gone:
        sandbox.control("DELETE", f"/reviews/{review_id}")
    seen: list[str] = []
    token = ""
    while True:
        answer = sandbox.get(f"/v1/reviews/deletions?{SINCE}&limit=2{token}").json
        seen += [row["reviewId"] for row in answer["reviews"]]
        if answer["nextToken"] is None:
            break
        assert json.loads(base64.b64decode(answer["nextToken"]))["lastEvaluatedKey"]["reviewId"] == seen[-1]
        token = f"&nextToken={quote(answer['nextToken'], safe='')}"
    assert seen == gone


def test_the_feed_can_be_bounded_by_days(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    today = sandbox.control("GET", "/clock")["now"][:10]
    sandbox.control("DELETE", f"/reviews/{write(sandbox)}")
    for query, count in ((f"startDate={today}", 1), (f"{SINCE}&endDate={today}", 1), ("endDate=2020-01-01", 0)):
        assert len(sandbox.get(f"/v1/reviews/deletions?{query}").json["reviews"]) == count
    for query, count in ((f"{SINCE}&endDate={today}T00:00:00", 0), (f"startDate={today}T23:59:59.999Z", 0)):
        assert len(sandbox.get(f"/v1/reviews/deletions?{query}").json["reviews"]) == count
    sandbox.advance("2d")
    assert len(sandbox.get(f"/v1/reviews/deletions?{SINCE}&endDate={today}").json["reviews"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "startDate=soon", "nextToken=x", "nextToken=e30="])
@pytest.mark.parametrize("feed", ["consumers", "reviews"])
def test_a_bad_question_to_a_feed_is_400(sandbox: SandboxUnderTest, feed: str, query: str) -> None:
    assert sandbox.get(f"/v1/{feed}/deletions?{query}").status == 400
