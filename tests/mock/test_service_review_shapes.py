"""Answers about service reviews and consumers in the shapes that the reference's samples have."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.mock.test_private_service_reviews import call, listed
from tests.mock.test_service_reviews import path, write
from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

ADA = "61761f1e8d2c4a0013b5c7de"
#: A review with two stars that answers an invitation.
INVITED = "53bffd360000640002975372"


@pytest.fixture
def full(sandbox: SandboxUnderTest) -> SandboxUnderTest:
    """A sandbox in which one review has everything that a review can have."""
    for message in ("Sorry!", "Very sorry!"):
        call(sandbox, "POST", f"reviews/{INVITED}/reply", data={"message": message})
    call(sandbox, "PUT", f"reviews/{INVITED}/tags", data={"tags": [{"group": "generic", "value": "tea"}]})
    call(sandbox, "POST", f"reviews/{INVITED}/find-reviewer", data={"message": "Which order was it?"})
    answer = {"referenceId": "1234", "name": "Ada Specimen", "email": "ada.specimen@example.com", "message": "That."}
    noted = {
        "report": {"reasons": ["sensitiveInformation"], "publicComment": "It is being looked at."},
        "findReviewer": {"status": "Accepted", "consumerResponse": answer},
        "title": "Slow, still",
    }
    sandbox.control("PATCH", f"/reviews/{INVITED}", noted)
    return sandbox


def test_public_lists_have_the_shape_of_the_sample(full: SandboxUnderTest) -> None:
    answer = full.get(path(full, "includeReportedReviews=true&perPage=5")).json
    same_shape(answer, golden("listServiceReviews"))
    [review] = [row for row in full.get(path(full, "includeReportedReviews=true")).json["reviews"] if row["reportData"]]
    same_shape(review, golden("listServiceReviews")["reviews"][0])
    same_shape(full.get(f"/v1/reviews/{INVITED}").json, golden("listServiceReviews")["reviews"][0])


def test_all_reviews_have_the_shape_of_the_sample(full: SandboxUnderTest) -> None:
    unit = full["businessUnitId"]
    same_shape(full.get(f"/v1/business-units/{unit}/all-reviews").json, golden("listAllServiceReviews"))


def test_private_lists_have_what_a_connector_reads(full: SandboxUnderTest) -> None:
    [review] = listed(full, "reported=true")
    same_shape(review, golden("listPrivateServiceReviews")["reviews"][0])
    same_shape(call(full, "GET", f"reviews/{INVITED}").json, golden("listPrivateServiceReviews")["reviews"][0])
    assert review["companyReply"]["text"] == "Very sorry!"


def test_the_writers_answer_is_read_back_from_the_private_review(full: SandboxUnderTest) -> None:
    [request] = call(full, "GET", f"reviews/{INVITED}").json["findReviewer"]["requests"]
    assert (request["status"], request["businessUserMessage"]) == ("Accepted", "Which order was it?")
    assert request["consumerResponse"]["referenceId"] == "1234"
    assert request["consumerResponse"]["phoneNumber"] is None
    assert "1234" not in full.get(f"/v1/reviews/{INVITED}").text


@pytest.mark.parametrize("body", [{"findReviewer": {"status": "Accepted"}}, {"findReviewer": {"status": "Maybe"}}])
def test_nobody_answers_what_nobody_asked(sandbox: SandboxUnderTest, body: Any) -> None:
    target = f"/_mock/sandboxes/{sandbox.id}/reviews/{INVITED}"
    assert sandbox.call("PATCH", target, data={"stars": 5, **body}).status == 400
    assert sandbox.get(f"/v1/reviews/{INVITED}").json["stars"] == 2


@pytest.mark.parametrize(
    ("operation_id", "target"),
    [
        ("getConsumer", f"/v1/consumers/{ADA}"),
        ("getConsumerProfile", f"/v1/consumers/{ADA}/profile"),
        ("getConsumerWebLinks", f"/v1/consumers/{ADA}/web-links?locale=en-US"),
    ],
)
def test_consumers_have_the_shape_of_the_sample(sandbox: SandboxUnderTest, operation_id: str, target: str) -> None:
    same_shape(sandbox.get(target).json, golden(operation_id))


def test_many_consumers_have_the_shape_of_the_sample(sandbox: SandboxUnderTest) -> None:
    headers, body = {"apikey": sandbox["apiKey"]}, {"consumerIds": ["5" * 24]}
    answer = sandbox.call("POST", "/v1/consumers/profile/bulk", data=body, headers=headers)
    same_shape(answer.json, golden("getConsumerProfiles"))
    found = sandbox.call("POST", "/v1/consumers/profile/bulk", data={"consumerIds": [ADA]}, headers=headers).json
    same_shape(found["consumers"][ADA], golden("getConsumerProfile"))


def test_a_deletions_feed_has_shape_and_token_of_the_sample(sandbox: SandboxUnderTest) -> None:
    sample = golden("listDeletedConsumers")
    for number in (9, 10):
        write(sandbox, consumerEmail=f"c{number}@example.com")
    for row in sandbox.rows("consumers")[-2:]:
        sandbox.control("DELETE", f"/consumers/{row['id']}")
    answer = sandbox.get("/v1/consumers/deletions?limit=1").json
    same_shape(answer, sample)
    tokens = [json.loads(base64.b64decode(token)) for token in (answer["nextToken"], sample["nextToken"])]
    same_shape(tokens[0], tokens[1])


def test_several_orders_count_one_after_the_other(sandbox: SandboxUnderTest) -> None:
    rows = sandbox.get(path(sandbox, "orderBy=stars.desc,createdat.asc")).json["reviews"]
    found = [(-row["stars"], row["createdAt"]) for row in rows]
    assert found == sorted(found)


def test_the_world_that_is_shipped_has_a_replied_and_a_reported_review(sandbox: SandboxUnderTest) -> None:
    target = "/v1/business-units/5a0000000000000000000002/reviews"
    assert len(sandbox.get(f"{target}?responded=true").json["reviews"]) == 1
    shown, all_of_them = (sandbox.get(target + query).json["reviews"] for query in ("", "?includeReportedReviews=true"))
    assert (len(shown), len(all_of_them)) == (8, 9)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"body": b""}, 415),
        ({"body": b"", "headers": {"Content-Type": "application/json"}}, 400),
        ({"body": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": []}, 400),
        ({"data": {"tags": 1, "message": 1, "consumerIds": 1, "displayName": 1}}, 400),
        ({"data": {"message": "x" * 1_100_000}}, 413),
    ],
)
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", f"/v1/private/reviews/{INVITED}/tags"),
        ("POST", f"/v1/private/reviews/{INVITED}/tags"),
        ("POST", f"/v1/private/reviews/{INVITED}/find-reviewer"),
        ("POST", "/v1/consumers/profile/bulk"),
        ("POST", "/v1/consumers/profile/displayname/create"),
        ("POST", "/v1/consumers/profile/displayname/validate"),
    ],
)
def test_a_bad_body_changes_nothing(sandbox: SandboxUnderTest, method: str, target: str, how: Any, status: int) -> None:
    before = call(sandbox, "GET", f"reviews/{INVITED}").json
    how = {**how, "headers": {"Authorization": f"Bearer {sandbox.access_token()}", **how.get("headers", {})}}
    assert sandbox.call(method, target, **how).status == status
    assert call(sandbox, "GET", f"reviews/{INVITED}").json == before


@pytest.mark.parametrize(
    "target",
    [
        "/v1/business-units/507f191e810c19729de860ea/reviews",
        "/v1/business-units/507f191e810c19729de860ea/all-reviews",
        "/v1/reviews/latest?language=en",
        f"/v1/reviews/{INVITED}",
        f"/v1/reviews/{INVITED}/likes",
        f"/v1/consumers/{ADA}",
        f"/v1/consumers/{ADA}/reviews",
        "/v1/consumers/deletions",
        "/v1/reviews/deletions",
    ],
)
def test_without_a_key_the_gateway_refuses(sandbox: SandboxUnderTest, target: str) -> None:
    answer = sandbox.call("GET", target)
    assert (answer.status, answer.json["fault"]["faultstring"]) == (401, "Invalid API key")
