"""Service reviews in the company's own hands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.test_service_reviews import TAGGED, UNKNOWN, reviews, write
from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest

SAD = "53bffd360000640002975370"
FOREIGN_UNIT = "5a0000000000000000000003"
VIEWER = ("reader@trustpilotdemo.example.com", "paper-boat-window")


def call(sandbox: SandboxUnderTest, method: str, path: str, token: str = "", **how: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token or sandbox.access_token()}", **how.pop("headers", {})}
    return sandbox.call(method, f"/v1/private/{path}", headers=headers, **how)


def listed(sandbox: SandboxUnderTest, query: str) -> list[Any]:
    answer = call(sandbox, "GET", f"business-units/{sandbox['businessUnitId']}/reviews?{query}")
    assert answer.status == 200, answer.text
    rows: list[Any] = answer.json["reviews"]
    return rows


def test_the_company_sees_address_and_order(sandbox: SandboxUnderTest) -> None:
    review = call(sandbox, "GET", f"reviews/{TAGGED}").json
    assert (review["referenceId"], review["referralEmail"]) == ("2012", "ada.specimen@example.com")
    assert review["tags"] == [{"group": "generic", "value": "tea"}]
    assert review["location"]["externalId"] == "ABC123"
    assert review["findReviewer"] == {"isEligible": False, "requests": []}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 14),
        ("stars=5", 2),
        ("referenceId=2012", 1),
        ("referralEmail=ADA.specimen@example.com", 3),
        ("referralEmail=", 0),
        ("tagGroup=generic&tagValue=TEA", 0),
        ("internalLocationId=43f51215-a1fc-4c60-b6dd-e4afb6d7b831", 1),
        ("language=da,sv&stars=4", 2),
        ("responded=true", 0),
        ("page=2147483647", 0),
        ("perPage=100", 14),
        ("locationId=43f51215-a1fc-4c60-b6dd-e4afb6d7b831", 1),
        ("tagValue=TEA&ignoreTagValueCase=true", 1),
        ("source=invitationapi", 3),
        ("source=organic", 11),
        ("username=ada", 3),
        ("reported=true", 0),
        ("reported=false", 14),
        ("findReviewer=contacted", 0),
        ("findReviewer=notContacted", 14),
        ("startDateTime=2025-06-01", 7),
        ("startDateTime=2025-06-01T00:00:00&endDateTime=2025-07-31", 2),
        ("page=2&perPage=10", 4),
    ],
)
def test_filters(sandbox: SandboxUnderTest, query: str, count: int) -> None:
    assert len(listed(sandbox, query)) == count


@pytest.mark.parametrize("query", ["startDateTime=soon", "endDateTime=31-12-2025", "findReviewer=maybe", "perPage=101"])
def test_a_bad_filter_is_named(sandbox: SandboxUnderTest, query: str) -> None:
    answer = call(sandbox, "GET", f"business-units/{sandbox['businessUnitId']}/reviews?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["details"]


def test_other_companies_reviews_are_out_of_reach(sandbox: SandboxUnderTest) -> None:
    assert call(sandbox, "GET", f"business-units/{FOREIGN_UNIT}/reviews").status == 403
    foreign = write(sandbox, businessUnitId=FOREIGN_UNIT)
    for method, path, body in (
        ("GET", f"reviews/{foreign}", None),
        ("POST", f"reviews/{foreign}/reply", {"message": "m"}),
        ("PUT", f"reviews/{foreign}/tags", {"tags": []}),
        ("POST", f"reviews/{foreign}/find-reviewer", {}),
    ):
        assert call(sandbox, method, path, data=body).status == 403
    assert sandbox.get(f"/v1/reviews/{foreign}").json["companyReply"] is None


@pytest.mark.parametrize(("review", "status"), [(UNKNOWN, 404), ("zzz", 400)])
@pytest.mark.parametrize(
    ("method", "name", "body"),
    [
        ("GET", "", None),
        ("POST", "/reply", {"message": "m"}),
        ("DELETE", "/reply", None),
        ("GET", "/tags", None),
        ("PUT", "/tags", {"tags": []}),
        ("POST", "/tags", {"tags": []}),
        ("DELETE", "/tags?group=a&value=b", None),
        ("POST", "/find-reviewer", {}),
    ],
)
def test_an_unknown_or_malformed_review(
    sandbox: SandboxUnderTest, method: str, name: str, body: Any, review: str, status: int
) -> None:
    assert call(sandbox, method, f"reviews/{review}{name}", data=body).status == status


def test_without_a_token_everything_is_401(sandbox: SandboxUnderTest) -> None:
    assert sandbox.call("GET", f"/v1/private/reviews/{TAGGED}").status == 401
    assert sandbox.get(f"/v1/private/business-units/{sandbox['businessUnitId']}/reviews").status == 401


def test_a_reply_shows_at_once_and_can_be_changed_and_taken_back(sandbox: SandboxUnderTest) -> None:
    author = sandbox["businessUserId"]
    body = {"message": "Sorry!", "authorBusinessUserId": author, "submittedAt": "2024-07-15T12:00:00"}
    answer = call(sandbox, "POST", f"reviews/{SAD}/reply", data=body)
    assert (answer.status, answer.body) == (201, b"")
    public = sandbox.get(f"/v1/reviews/{SAD}").json["companyReply"]
    assert (public["text"], public["updatedAt"], "authorBusinessUserId" in public) == ("Sorry!", None, False)
    assert call(sandbox, "GET", f"reviews/{SAD}").json["companyReply"]["authorBusinessUserId"] == author
    assert [row["id"] for row in reviews(sandbox, "responded=true")] == [SAD]

    call(sandbox, "POST", f"reviews/{SAD}/reply", form={"message": "Sorry again!"})
    again = sandbox.get(f"/v1/reviews/{SAD}").json["companyReply"]
    assert (again["text"], again["updatedAt"] is not None) == ("Sorry again!", True)

    assert call(sandbox, "DELETE", f"reviews/{SAD}/reply").status == 204
    assert sandbox.get(f"/v1/reviews/{SAD}").json["companyReply"] is None
    assert reviews(sandbox, "responded=true") == []


def test_a_json_content_type_on_deleting_a_reply_is_400_as_observed(sandbox: SandboxUnderTest) -> None:
    answer = call(sandbox, "DELETE", f"reviews/{SAD}/reply", headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert "omit Content-Type" in answer.hint


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"data": {}}, 400),
        ({"data": {"message": ""}}, 400),
        ({"data": {"message": 7}}, 400),
        ({"data": []}, 400),
        ({"body": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"body": b"hi", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": {"message": "x" * 1_100_000}}, 413),
        ({"data": {"message": "m", "authorBusinessUserId": UNKNOWN}}, 403),
    ],
)
def test_a_bad_reply_changes_nothing(sandbox: SandboxUnderTest, how: Any, status: int) -> None:
    assert call(sandbox, "POST", f"reviews/{SAD}/reply", **how).status == status
    assert sandbox.get(f"/v1/reviews/{SAD}").json["companyReply"] is None


def test_a_viewer_reads_and_may_not_write(sandbox: SandboxUnderTest) -> None:
    token = sandbox.token(sandbox.password_form(*VIEWER)).json["access_token"]
    assert call(sandbox, "GET", f"reviews/{SAD}", token).status == 200
    for method, name, body in (
        ("POST", "reply", {"message": "m"}),
        ("PUT", "tags", {"tags": []}),
        ("POST", "find-reviewer", {}),
    ):
        assert call(sandbox, method, f"reviews/{SAD}/{name}", token, data=body).status == 403


@pytest.mark.parametrize(
    ("method", "name", "body"),
    [
        ("POST", "reply", {"message": "m"}),
        ("DELETE", "reply", None),
        ("PUT", "tags", {"tags": []}),
        ("POST", "tags", {"tags": []}),
        ("DELETE", "tags?group=a&value=b", None),
        ("POST", "find-reviewer", {}),
    ],
)
def test_where_a_user_must_be_named_every_writing_call_can_name_one(
    sandbox: SandboxUnderTest, method: str, name: str, body: Any
) -> None:
    sandbox.control("PATCH", "/variants", {"business_user_header": "required"})
    refused = call(sandbox, method, f"reviews/{SAD}/{name}", data=body)
    assert (refused.status, "x-business-user-id" in refused.hint) == (403, True)
    named = {"x-business-user-id": sandbox["businessUserId"]}
    assert call(sandbox, method, f"reviews/{SAD}/{name}", data=body, headers=named).status < 300


def tag(group: str, value: str) -> dict[str, str]:
    return {"group": group, "value": value}


def test_tags_are_added_set_and_taken_away(sandbox: SandboxUnderTest) -> None:
    def tags() -> Any:
        return call(sandbox, "GET", f"reviews/{TAGGED}/tags").json["tags"]

    body = {"tags": [tag("generic", "pot"), tag("generic", "pot"), tag("generic", "tea")]}
    assert call(sandbox, "PUT", f"reviews/{TAGGED}/tags", data=body).status == 200
    assert tags() == [tag("generic", "tea"), tag("generic", "pot")]
    assert len(reviews(sandbox, "tagValue=pot")) == 1
    call(sandbox, "POST", f"reviews/{TAGGED}/tags", data={"tags": [tag("Generic", "cup")]})
    assert tags() == [tag("Generic", "cup")]
    call(sandbox, "DELETE", f"reviews/{TAGGED}/tags?group=Generic&value=cup")
    assert tags() == []
    assert call(sandbox, "DELETE", f"reviews/{TAGGED}/tags?group=x").status == 400
    assert call(sandbox, "PUT", f"reviews/{TAGGED}/tags", data={"tags": [{"group": "x"}]}).status == 400


def test_the_odd_letter_case_of_the_group_gets_a_hint(sandbox: SandboxUnderTest) -> None:
    answer = call(sandbox, "PUT", f"reviews/{TAGGED}/tags", data={"tags": [tag("Generic", "cup")]})
    assert "'generic', in lower case" in answer.hint


def test_an_unhappy_writer_can_be_asked(sandbox: SandboxUnderTest) -> None:
    answer = call(sandbox, "POST", f"reviews/{SAD}/find-reviewer", data={"message": None})
    assert (answer.status, answer.body) == (202, b"")
    [request] = call(sandbox, "GET", f"reviews/{SAD}").json["findReviewer"]["requests"]
    assert (request["status"], request["businessUserMessage"]) == ("Pending", None)
    assert [row["id"] for row in listed(sandbox, "findReviewer=contacted")] == [SAD]


def test_a_happy_writer_cannot_be_asked(sandbox: SandboxUnderTest) -> None:
    answer = call(sandbox, "POST", f"reviews/{TAGGED}/find-reviewer", data={"message": "Hello?"})
    assert answer.status == 400
    assert "one to three stars" in answer.hint


def test_the_printed_answer_to_asking_is_a_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"find_reviewer_answer": "200"})
    answer = call(sandbox, "POST", f"reviews/{SAD}/find-reviewer", data={})
    assert (answer.status, answer.json["statusCode"]) == (200, 202)


def test_a_reported_review_is_hidden_in_public_unless_asked_for(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", f"/reviews/{SAD}", {"report": {"reasons": ["sensitiveInformation"]}})
    assert len(reviews(sandbox)) == 13
    assert len(reviews(sandbox, "includeReportedReviews=true")) == 14
    [reported] = listed(sandbox, "reported=true")
    assert reported["reportData"]["reasons"] == ["sensitiveInformation"]
