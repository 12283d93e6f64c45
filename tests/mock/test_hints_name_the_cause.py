"""A hint names the cause that is there, not the form that is absent, with the user's own values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import TOKEN_PATH, SandboxUnderTest, an_invitation, an_order, basic

REVIEWS = "/v1/business-units/507f191e810c19729de860ea/reviews"
PRIVATE = "/v1/private/business-units/507f191e810c19729de860ea/reviews"
NOBODY = "0" * 24


def test_an_api_key_as_bearer_on_a_public_route(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", REVIEWS, headers={"Authorization": f"Bearer {sandbox['apiKey']}"})
    assert answer.status == 401
    assert "Public routes take it as header apikey" in answer.hint


@pytest.mark.parametrize("path", [REVIEWS, PRIVATE])
@pytest.mark.parametrize("value", ["Token abc", "ApiKey abc", "Digest abc", basic("a", "b")])
def test_a_scheme_that_no_route_has(path: str, value: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", path, headers={"Authorization": value})
    assert answer.status == 401
    assert f"has the scheme {value.partition(' ')[0]}" in answer.hint
    assert ("apikey as a header" in answer.hint) == (path == REVIEWS)


@pytest.mark.parametrize("path", [REVIEWS, PRIVATE])
def test_a_token_without_a_scheme(path: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", path, headers={"Authorization": sandbox.access_token()})
    assert answer.status == 401
    assert "a value without a scheme; this route takes" in answer.hint
    assert "'Authorization: Bearer ...'" in answer.hint


@pytest.mark.parametrize("name", ["access_token", "api_key", "key"])
def test_a_credential_in_the_query_that_nothing_reads(name: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", f"{PRIVATE}?{name}=tpa-1")
    assert answer.status == 401
    assert f"The query parameter {name} came, which nothing reads" in answer.hint


def test_a_write_key_in_the_query_is_used_and_not_called_ignored(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", f"/v1/track?writeKey={sandbox['writeKey']}", data=an_order())
    assert (answer.status, answer.hint) == (200, "")
    assert len(sandbox.rows("segment/events")) == 1


def refreshed(sandbox: SandboxUnderTest, token: str) -> Any:
    return sandbox.token({"grant_type": "refresh_token", "refresh_token": token})


def test_a_refresh_token_that_is_no_more_says_why(sandbox: SandboxUnderTest) -> None:
    first = sandbox.token(sandbox.password_form()).json
    second = refreshed(sandbox, first["refresh_token"]).json
    assert "was used before" in refreshed(sandbox, first["refresh_token"]).hint
    sandbox.call("POST", TOKEN_PATH.replace("accesstoken", "revoke"), form={"token": second["access_token"]})
    assert "was revoked" in refreshed(sandbox, second["refresh_token"]).hint
    assert "never issued here" in refreshed(sandbox, "tpr-1").hint


def test_fields_of_a_form_in_the_query(sandbox: SandboxUnderTest) -> None:
    headers = {"Authorization": basic(sandbox["apiKey"], sandbox["apiSecret"])}
    answer = sandbox.call("POST", f"{TOKEN_PATH}?grant_type=password&username=ada", form={}, headers=headers)
    assert "grant_type came in the query, where it is not read: send it in the body" in answer.hint
    assert "username came in the query" in answer.hint


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("GET", "/business-units/find?name=a.example", "GET /v1/business-units/find"),
        ("GET", "/v1/business-unit/507f191e810c19729de860ea", "GET /v1/business-units/{businessUnitId}"),
        ("GET", "/v2/business-units/507f191e810c19729de860ea/reviews", "/v1/business-units/{businessUnitId}/reviews"),
        ("POST", "/v1/private/business-units/507f191e810c19729de860ea/email-invitation", "email-invitations"),
        ("POST", "/v1/private/reviews/53bffd360000640002975370/replies", "POST /v1/private/reviews/{reviewId}/reply"),
        ("GET", "/v1/private/product-review/53bffd360000640002975370", "/v1/private/product-reviews/{reviewId}"),
        ("POST", "/v1/oauth/oauth-business-users-for-applications/access_token", "applications/accesstoken"),
        ("POST", "/v1/tracks", "POST /v1/track"),
    ],
)
def test_the_operation_that_a_wrong_path_means(method: str, path: str, meant: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call(method, path)
    assert answer.status == 404
    assert meant in answer.hint


@pytest.mark.parametrize(
    ("headers", "invitation", "told"),
    [
        ({"x-business-user-id": "507f191e810c19729de860ea"}, {}, "businessUserId"),
        ({"x-business-user-id": NOBODY}, {}, "businessUserId"),
        ({}, {"serviceReviewInvitation": {"templateId": NOBODY}}, "templateId"),
    ],
)
def test_the_hint_has_the_value_to_send(headers: Any, invitation: Any, told: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(an_invitation(**invitation), headers=headers)
    assert answer.status in (400, 403)
    assert sandbox[told] in answer.hint


def test_an_unknown_unit_gets_one_that_is_there(sandbox: SandboxUnderTest) -> None:
    assert sandbox["businessUnitId"] in sandbox.get(f"/v1/business-units/{NOBODY}").hint


def test_a_hint_links_to_its_source(sandbox: SandboxUnderTest) -> None:
    refused = sandbox.call("GET", PRIVATE)
    assert refused.headers["Link"] == (
        '</_mock/docs/troubleshooting#credentials>; rel="help", '
        '<https://developers.trustpilot.com/get-started/common-error-messages>; rel="help"'
    )


@pytest.mark.parametrize(
    "invitation",
    [
        {"locale": "xx-XX"},
        {"productReviewInvitation": {"productSkus": ["no-such"]}},
        {"serviceReviewInvitation": {"preferredSendTime": "soon"}},
        {"serviceReviewInvitation": {"templateId": NOBODY}},
        {"replyTo": "ada@"},
    ],
)
def test_our_words_do_not_stand_in_the_body_of_a_refusal(invitation: Any, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(an_invitation(**invitation))
    assert answer.status == 400
    assert answer.json["details"].endswith(": is not valid")
    assert answer.hint not in answer.text
