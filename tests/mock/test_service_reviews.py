"""Service reviews as anybody may read them, and the life of one through every list and number."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest

UNKNOWN = "f" * 24
#: The one review of the default world with a tag, a like, a location and an order.
TAGGED = "53bffd36000064000297537c"


def path(sandbox: SandboxUnderTest, query: str = "") -> str:
    return f"/v1/business-units/{sandbox['businessUnitId']}/reviews?{query}"


def reviews(sandbox: SandboxUnderTest, query: str = "") -> list[Any]:
    answer = sandbox.get(path(sandbox, query))
    assert answer.status == 200, answer.text
    rows: list[Any] = answer.json["reviews"]
    return rows


def test_a_list_is_newest_first_in_the_exact_form_programs_parse(sandbox: SandboxUnderTest) -> None:
    rows = reviews(sandbox)
    assert len(rows) == 14
    moments = [row["createdAt"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert all(len(moment) == len("2025-01-31T13:37:00Z") for moment in moments)
    assert rows[0]["reportData"] is None


def test_no_address_and_no_order_is_ever_public(sandbox: SandboxUnderTest) -> None:
    text = sandbox.get(path(sandbox)).text
    assert "@" not in text
    for word in ("referenceId", "referralEmail", "ada.specimen"):
        assert word not in text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("stars=5", 2),
        ("stars=1,2", 5),
        ("language=da", 4),
        ("language=da,sv", 6),
        ("internalLocationId=43f51215-a1fc-4c60-b6dd-e4afb6d7b831", 1),
        ("internalLocationId=nothing", 0),
        ("tagGroup=generic", 1),
        ("tagGroup=generic&tagValue=tea", 1),
        ("tagValue=Tea", 0),
        ("responded=false", 14),
        ("responded=true", 0),
        ("stars=5&language=da", 1),
    ],
)
def test_filters(sandbox: SandboxUnderTest, query: str, count: int) -> None:
    assert len(reviews(sandbox, query)) == count


@pytest.mark.parametrize(
    ("order", "member", "descending"),
    [
        ("createdat.asc", "createdAt", False),
        ("createdat.desc", "createdAt", True),
        ("stars.asc", "stars", False),
        ("stars.desc", "stars", True),
    ],
)
def test_orders(sandbox: SandboxUnderTest, order: str, member: str, *, descending: bool) -> None:
    values = [row[member] for row in reviews(sandbox, f"orderBy={order}")]
    assert values == sorted(values, reverse=descending)


def test_pages_are_followed_by_links_to_the_end(sandbox: SandboxUnderTest) -> None:
    seen: list[str] = []
    target = path(sandbox, "perPage=5&stars=3,4,5")
    while target:
        answer = sandbox.get(target).json
        seen += [row["id"] for row in answer["reviews"]]
        following = [link["href"] for link in answer["links"] if link["rel"] == "next-page"]
        target = following[0].partition("//")[2].partition("/")[2] if following else ""
        target = f"/{target}" if target else ""
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "perPage=0", "perPage=101", "stars=6", "orderBy=newest", "responded=maybe"]
)
def test_a_bad_filter_is_named(sandbox: SandboxUnderTest, query: str) -> None:
    answer = sandbox.get(path(sandbox, query))
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["details"]


def test_deep_pages_are_refused_or_empty_by_variant(sandbox: SandboxUnderTest) -> None:
    assert sandbox.get(path(sandbox, "page=1000")).status == 200
    refused = sandbox.get(path(sandbox, "page=1001"))
    assert (refused.status, refused.json["details"]) == (400, "Pagination limit exceeded.")
    sandbox.control("PATCH", "/variants", {"deep_paging": "empty"})
    assert reviews(sandbox, "page=1001") == []


@pytest.mark.parametrize(("unit", "status"), [(UNKNOWN, 404), ("zzz", 400)])
@pytest.mark.parametrize("name", ["reviews", "all-reviews"])
def test_an_unknown_or_malformed_unit(sandbox: SandboxUnderTest, unit: str, status: int, name: str) -> None:
    assert sandbox.get(f"/v1/business-units/{unit}/{name}").status == status


def write(sandbox: SandboxUnderTest, **changes: Any) -> str:
    body = {
        "type": "service",
        "businessUnitId": sandbox["businessUnitId"],
        "stars": 5,
        "title": "T",
        "text": "Fine.",
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
        **changes,
    }
    review_id: str = sandbox.control("POST", "/reviews", body)["id"]
    return review_id


def test_all_reviews_come_by_token_none_lost_none_twice(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    written = {write(sandbox, consumerEmail=f"c{number}@example.com") for number in range(110)}
    seen: list[str] = []
    token = ""
    while True:
        target = f"/v1/business-units/{sandbox['businessUnitId']}/all-reviews{token}"
        answer = sandbox.get(target).json
        seen += [row["id"] for row in answer["reviews"]]
        if answer["nextPageToken"] is None:
            break
        token = f"?pageToken={answer['nextPageToken'].replace('=', '%3D').replace('+', '%2B')}"
    assert len(seen) == len(set(seen)) == 124
    assert written <= set(seen)


def test_a_token_that_is_a_moment_alone_is_taken_as_in_the_references_sample(sandbox: SandboxUnderTest) -> None:
    # The base64 of 2025-06-08T09:15:44.000Z, when one of the reviews was written.
    token = "MjAyNS0wNi0wOFQwOToxNTo0NC4wMDBa"
    answer = sandbox.get(f"/v1/business-units/{sandbox['businessUnitId']}/all-reviews?pageToken={token}").json
    assert [row["createdAt"][:7] for row in answer["reviews"]] == [f"2025-{month:02}" for month in range(7, 13)]


# Nothing, a letter, only separators, and places that are not a time: x|nan|y, x|inf|y.
@pytest.mark.parametrize("token", ["x", "eA==", "fHw=", "%ff", "eHxuYW58eQ==", "eHxpbmZ8eQ=="])
def test_a_token_nobody_gave_is_400(sandbox: SandboxUnderTest, token: str) -> None:
    answer = sandbox.get(f"/v1/business-units/{sandbox['businessUnitId']}/all-reviews?pageToken={token}")
    assert answer.status == 400
    assert "omit it to start" in answer.hint


def test_the_latest_of_all_companies(sandbox: SandboxUnderTest) -> None:
    rows = sandbox.get("/v1/reviews/latest?language=sv,en&count=3").json["reviews"]
    assert len(rows) == 3
    assert [row["createdAt"] for row in rows] == sorted((row["createdAt"] for row in rows), reverse=True)
    assert sandbox.get("/v1/reviews/latest?language=en&filterUsersWithoutImages=true").json["reviews"] == []
    assert sandbox.get("/v1/reviews/latest").status == 400
    assert sandbox.get("/v1/reviews/latest?language=en&count=101").status == 400


def test_one_review_its_likes_and_its_page(sandbox: SandboxUnderTest) -> None:
    review = sandbox.get(f"/v1/reviews/{TAGGED}").json
    assert (review["stars"], review["isVerified"], review["numberOfLikes"]) == (5, True, 1)
    assert review["location"]["name"] == "Pilestraede 58"
    [like] = sandbox.get(f"/v1/reviews/{TAGGED}/likes").json["likes"]
    assert like["consumer"]["displayName"] == "Bo Madsen"
    links = sandbox.get(f"/v1/reviews/{TAGGED}/web-links?locale=da-DK").json
    assert (links["locale"], TAGGED in links["reviewUrl"]) == ("da-DK", True)
    assert sandbox.get(f"/v1/reviews/{TAGGED}/web-links").status == 400


@pytest.mark.parametrize("name", ["", "/likes", "/web-links?locale=en-US"])
@pytest.mark.parametrize(("review", "status"), [(UNKNOWN, 404), ("zzz", 400)])
def test_an_unknown_or_malformed_review(sandbox: SandboxUnderTest, name: str, review: str, status: int) -> None:
    assert sandbox.get(f"/v1/reviews/{review}{name}").status == status


def everywhere(sandbox: SandboxUnderTest, review_id: str, consumer: str) -> dict[str, bool]:
    """In which lists a review shows."""
    unit, token = sandbox["businessUnitId"], sandbox.access_token()
    private = sandbox.call(
        "GET",
        f"/v1/private/business-units/{unit}/reviews?perPage=100",
        headers={"Authorization": f"Bearer {token}"},
    )
    lists = {
        "public": reviews(sandbox, "perPage=100"),
        "private": private.json["reviews"],
        "all": sandbox.get(f"/v1/business-units/{unit}/all-reviews").json["reviews"],
        "latest": sandbox.get("/v1/reviews/latest?language=en&count=100").json["reviews"],
        "consumer": sandbox.get(f"/v1/consumers/{consumer}/reviews").json["reviews"],
    }
    return {name: any(row["id"] == review_id for row in rows) for name, rows in lists.items()}


def test_a_review_lives_and_dies_in_all_lists_and_numbers_at_once(sandbox: SandboxUnderTest) -> None:
    before = sandbox.get("/v1/business-units/find?name=trustpilotdemo.com").json
    review_id = write(sandbox, stars=5, language="en")
    consumer = sandbox.get(f"/v1/reviews/{review_id}").json["consumer"]["id"]
    assert all(everywhere(sandbox, review_id, consumer).values())
    after = sandbox.get("/v1/business-units/find?name=trustpilotdemo.com").json
    assert after["numberOfReviews"]["fiveStars"] == before["numberOfReviews"]["fiveStars"] + 1
    assert after["score"]["trustScore"] >= before["score"]["trustScore"]

    sandbox.control("PATCH", f"/reviews/{review_id}", {"stars": 1})
    assert sandbox.get(f"/v1/reviews/{review_id}").json["stars"] == 1
    assert review_id in [row["id"] for row in reviews(sandbox, "stars=1")]
    revised = sandbox.get("/v1/business-units/find?name=trustpilotdemo.com").json
    assert [revised["numberOfReviews"][name] for name in ("oneStar", "fiveStars", "total")] == [3, 2, 15]
    assert revised["score"]["trustScore"] < after["score"]["trustScore"]

    sandbox.control("DELETE", f"/reviews/{review_id}")
    assert not any(everywhere(sandbox, review_id, consumer).values())
    assert sandbox.get("/v1/business-units/find?name=trustpilotdemo.com").json == before
    assert sandbox.get(f"/v1/reviews/{review_id}").status == 404
    [gone] = sandbox.get("/v1/reviews/deletions?startDate=2025-01-01").json["reviews"]
    assert gone["reviewId"] == review_id
