"""The four grants, refresh and revoke, and the life of a token on the sandbox's clock."""

from __future__ import annotations

import base64

import pytest

from tests.support.sandboxes import REFRESH_PATH, REVOKE_PATH, TOKEN_PATH, SandboxUnderTest, basic

GRANT = {"grant_type": "client_credentials"}


def test_client_credentials_give_the_documented_body(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.token()
    assert answer.status == 200
    body = answer.json
    assert body["access_token"].startswith("tpa-")
    assert body["expires_in"] == "359999"
    assert len(body["issued_at"]) == 13  # milliseconds
    assert body["token_type"].lower() == "bearer"
    assert "refresh_token" not in body


def test_password_gives_a_refresh_token_that_lives_thirty_days(sandbox: SandboxUnderTest) -> None:
    body = sandbox.token(sandbox.password_form()).json
    assert body["refresh_token"].startswith("tpr-")
    assert body["refresh_token_expires_in"] == str(30 * 86400 - 1)
    assert body["app_enduser"] == sandbox["businessUserId"]


def test_two_step_verification_blocks_the_password_grant(sandbox: SandboxUnderTest) -> None:
    form = sandbox.password_form("two-step@trustpilotdemo.example.com", "second-lock-please")
    answer = sandbox.token(form)
    assert (answer.status, answer.json["ErrorCode"]) == (400, "invalid_grant")
    assert "2-step verification" in answer.hint


@pytest.mark.parametrize("path", [TOKEN_PATH, REFRESH_PATH])
def test_refreshing_rotates_at_both_addresses(sandbox: SandboxUnderTest, path: str) -> None:
    first = sandbox.token(sandbox.password_form()).json["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first}
    second = sandbox.token(form, path=path).json["refresh_token"]
    assert second != first
    again = sandbox.token(form, path=path)
    assert (again.status, again.json["ErrorCode"]) == (400, "invalid_grant")
    assert "used up" in again.hint


def test_an_access_token_dies_after_a_hundred_hours(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    sandbox.advance("99h")
    assert sandbox.invite(token=token).status == 202
    sandbox.advance("61m")
    answer = sandbox.invite(token=token)
    assert answer.status == 401
    assert answer.json["fault"]["detail"]["errorcode"] == "oauth.v2.InvalidAccessToken"
    assert "100 hours" in answer.hint


def test_a_refresh_token_dies_after_thirty_days(sandbox: SandboxUnderTest) -> None:
    refresh = sandbox.token(sandbox.password_form()).json["refresh_token"]
    sandbox.advance("P30DT1S")
    answer = sandbox.token({"grant_type": "refresh_token", "refresh_token": refresh})
    assert answer.status == 400
    assert "log in again" in answer.hint


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_revoking_either_token_ends_both(sandbox: SandboxUnderTest, kind: str) -> None:
    tokens = sandbox.token(sandbox.password_form()).json
    assert sandbox.call("POST", REVOKE_PATH, form={"token": tokens[kind]}).status == 200
    assert sandbox.invite(token=tokens["access_token"]).status == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert sandbox.token(refresh).status == 400


def test_revoking_with_a_wrong_secret_is_refused(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    headers = {"Authorization": basic(sandbox["apiKey"], "wrong")}
    assert sandbox.call("POST", REVOKE_PATH, form={"token": token}, headers=headers).status == 401
    assert sandbox.invite(token=token).status == 202


def _raw(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("form", ["Basic {}", "basic {}", "{}", "Basic [{}]"])
def test_client_credentials_are_read_in_every_form_seen_in_the_wild(sandbox: SandboxUnderTest, form: str) -> None:
    header = form.format(_raw(f"{sandbox['apiKey']}:{sandbox['apiSecret']}"))
    assert sandbox.call("POST", TOKEN_PATH, form=GRANT, headers={"Authorization": header}).status == 200


def test_client_credentials_may_stand_in_the_body(sandbox: SandboxUnderTest) -> None:
    form = {**GRANT, "client_id": sandbox["apiKey"], "client_secret": sandbox["apiSecret"]}
    assert sandbox.call("POST", TOKEN_PATH, form=form).status == 200


def test_an_empty_form_with_basic_means_client_credentials(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.token({"scope": ""})
    assert answer.status == 200
    assert "client_credentials" in answer.hint


@pytest.mark.parametrize(
    ("key", "secret", "words"),
    [
        ("apiKey", "wrong", "the API secret is wrong"),
        ("nobody", "x", "No sandbox owns"),
        ("", "", "The client credentials are missing"),
    ],
)
def test_wrong_client_credentials_are_401(sandbox: SandboxUnderTest, key: str, secret: str, words: str) -> None:
    user = sandbox.credentials.get(key, key)
    answer = sandbox.call("POST", TOKEN_PATH, form=GRANT, headers={"Authorization": basic(user, secret)})
    assert (answer.status, answer.json["ErrorCode"]) == (401, "invalid_client")
    assert words in answer.hint


@pytest.mark.parametrize(
    ("form", "code", "words"),
    [
        ({"grant_type": "magic"}, "unsupported_grant_type", "password, client_credentials"),
        ({"grant_type": "password"}, "invalid_request", "username"),
        ({"grant_type": "password", "username": "a@example.com", "password": "b"}, "invalid_grant", "No business user"),
        ({"grant_type": "refresh_token"}, "invalid_request", "refresh_token is missing"),
        ({"grant_type": "refresh_token", "refresh_token": "tpr-x"}, "invalid_grant", "never issued"),
        ({"grant_type": "authorization_code"}, "invalid_request", "code"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_grant", "already used"),
    ],
)
def test_a_refused_grant_names_the_reason(
    sandbox: SandboxUnderTest, form: dict[str, str], code: str, words: str
) -> None:
    answer = sandbox.token(form)
    assert (answer.status, answer.json["ErrorCode"]) == (400, code)
    assert words in answer.hint


def test_a_refresh_token_of_another_key_is_refused(sandbox: SandboxUnderTest) -> None:
    refresh = sandbox.token(sandbox.password_form()).json["refresh_token"]
    answer = sandbox.token({"grant_type": "refresh_token", "refresh_token": refresh}, client="partnerApi")
    assert answer.status == 400
    assert "another API key" in answer.hint


@pytest.mark.parametrize(
    ("variant", "value", "member", "expected"),
    [
        ("token_type", "BearerToken", "token_type", "BearerToken"),
        ("expires_in", "number", "expires_in", 359999),
        ("refresh_token_life", "P90D", "refresh_token_expires_in", "7775999"),
    ],
)
def test_variants_change_the_token_body(
    sandbox: SandboxUnderTest, variant: str, value: str, member: str, expected: object
) -> None:
    sandbox.control("PATCH", "/variants", {variant: value})
    assert sandbox.token(sandbox.password_form()).json[member] == expected


def test_issued_at_can_be_told_in_seconds(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"issued_at": "seconds"})
    assert len(sandbox.token().json["issued_at"]) == 10


def test_a_partners_grant_can_be_restricted(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"partner_grant": "password"})
    assert sandbox.token(client="partnerApi").status == 400
    assert sandbox.partner_token()


def test_a_token_is_known_in_its_own_sandbox_only(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    [row] = sandbox.rows("tokens")
    assert row["grant"] == "client_credentials"
    assert row["token"] == token
