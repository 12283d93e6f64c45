"""OAuth tokens for signed assertions, and what they open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
def app(sandbox: SandboxUnderTest, key: RSAPrivateKey) -> str:
    """The id of an application that is registered."""
    scopes = ["tracking_api:write", "public_api:read_write"]
    body = {"publicKeys": {"first": pem(key)}, "scopes": scopes, "tokenLifeDays": 2}
    registered = sandbox.control("PUT", "/segment/oauth-apps/Shop", body)
    assert [row["id"] for row in sandbox.rows("segment/oauth-apps")] == [registered["id"]]
    return str(registered["id"])


def now(sandbox: SandboxUnderTest) -> int:
    return int(datetime.fromisoformat(sandbox.control("GET", "/clock")["now"]).timestamp())


def ask(
    sandbox: SandboxUnderTest,
    app: str,
    key: RSAPrivateKey,
    *,
    claims: Mapping[str, Any] | None = None,
    kid: str = "first",
    form: Mapping[str, str] | None = None,
) -> Answer:
    moment = now(sandbox)
    whole = {"iss": app, "sub": app, "aud": "https://oauth2.segment.io", "iat": moment - 5, "exp": moment + 55}
    signed = jwt.encode({**whole, **(claims or {})}, key, algorithm="RS256", headers={"kid": kid})
    sent = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
        "scope": "tracking_api:write",
    }
    return sandbox.call("POST", "/token", form={**sent, **(form or {})})


def test_a_signed_assertion_gives_a_token(sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey) -> None:
    answer = ask(sandbox, app, key)
    assert answer.status == 200
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 2 * 86_400)
    assert answer.json["scope"] == "tracking_api:write"


def test_an_event_comes_in_with_token_and_key(sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey) -> None:
    sandbox.control("PUT", "/segment/sources/Shop%20backend", {"oauthRequired": True})
    message = {**an_order(), "writeKey": sandbox["writeKey"]}
    assert sandbox.call("POST", "/v1/track", data=message).status == 401
    bearer = {"Authorization": f"Bearer {ask(sandbox, app, key).json['access_token']}"}
    assert sandbox.call("POST", "/v1/track", data=message, headers=bearer).status == 200
    assert [event["state"] for event in sandbox.rows("segment/events")] == ["received"]


@pytest.mark.parametrize("token", ["nothing", "abc.def", "c2hvcnQ6"])
def test_a_token_that_is_none_is_401_even_where_none_is_needed(sandbox: SandboxUnderTest, token: str) -> None:
    message = {**an_order(), "writeKey": sandbox["writeKey"]}
    answer = sandbox.call("POST", "/v1/track", data=message, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.json["message"]) == (401, "Invalid access token")
    assert sandbox.rows("segment/events") == []


def test_a_token_ends_by_the_sandboxes_clock(sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey) -> None:
    bearer = {"Authorization": f"Bearer {ask(sandbox, app, key).json['access_token']}"}
    message = {**an_order(), "writeKey": sandbox["writeKey"]}
    sandbox.advance("47h")
    assert sandbox.call("POST", "/v1/track", data=message, headers=bearer).status == 200
    sandbox.advance("1h")
    answer = sandbox.call("POST", "/v1/track", data=message, headers=bearer)
    assert (answer.status, "has expired" in answer.hint) == (401, True)


def test_a_token_is_good_for_its_scope_only(sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey) -> None:
    answer = ask(sandbox, app, key, form={"scope": "public_api:read_write"})
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    message = {**an_order(), "writeKey": sandbox["writeKey"]}
    assert sandbox.call("POST", "/v1/track", data=message, headers=bearer).status == 401
    assert sandbox.call("GET", "/sources", headers=bearer).status == 200
    tracking = {"Authorization": f"Bearer {ask(sandbox, app, key).json['access_token']}"}
    assert sandbox.call("GET", "/sources", headers=tracking).status == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "invalid_request"),
        ({"client_assertion_type": "jwt"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "functions:write"}, "invalid_scope"),
        ({"client_assertion": "no.jwt"}, "invalid_client"),
        ({"client_assertion": ""}, "invalid_client"),
    ],
)
def test_a_form_that_is_wrong(
    sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey, form: dict[str, str], error: str
) -> None:
    answer = ask(sandbox, app, key, form=form)
    assert answer.json["error"] == error
    assert answer.status == (401 if error == "invalid_client" else 400)


@pytest.mark.parametrize(
    ("claims", "kid", "error", "description"),
    [
        ({"sub": "nobody"}, "first", "invalid_client", None),
        ({}, "second", "invalid_client", None),
        ({"aud": "https://example.com"}, "first", "invalid_client", None),
        ({"exp": 1}, "first", "invalid_request", "Token is expired"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_060}, "first", "invalid_request", "Token used before issued"),
        ({"exp": "soon"}, "first", "invalid_request", None),
        ({"iat": None}, "first", "invalid_request", None),
    ],
)
def test_an_assertion_that_is_wrong(
    sandbox: SandboxUnderTest,
    app: str,
    key: RSAPrivateKey,
    claims: dict[str, Any],
    kid: str,
    error: str,
    description: str | None,
) -> None:
    answer = ask(sandbox, app, key, claims=claims, kid=kid)
    assert answer.json["error"] == error
    if description:
        assert answer.json["error_description"] == description


def test_another_key_does_not_sign_for_it(sandbox: SandboxUnderTest, app: str) -> None:
    answer = ask(sandbox, app, generate_private_key(65537, 2048))
    assert (answer.status, "was not signed" in answer.hint) == (401, True)


def test_the_answer_tells_the_time_of_the_sandbox(sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey) -> None:
    sandbox.advance("7d")
    answer = ask(sandbox, app, key, claims={"exp": int(datetime.now(UTC).timestamp())})
    assert answer.json["error_description"] == "Token is expired"
    told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert told == pytest.approx(now(sandbox), abs=5)


def test_what_is_no_public_key_is_not_registered(sandbox: SandboxUnderTest) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/segment/oauth-apps/Shop"
    answer = sandbox.call("PUT", path, data={"publicKeys": {"first": "-----BEGIN"}})
    assert (answer.status, "publicKeys.first" in answer.json["detail"]) == (400, True)


def test_applications_and_tokens_are_kept_and_brought_back(
    sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey
) -> None:
    bearer = {"Authorization": f"Bearer {ask(sandbox, app, key).json['access_token']}"}
    sandbox.control("PUT", "/snapshots/signed")
    sandbox.control("POST", "/snapshots/signed/restore")
    message = {**an_order(), "writeKey": sandbox["writeKey"]}
    assert sandbox.call("POST", "/v1/track", data=message, headers=bearer).status == 200
    assert ask(sandbox, app, key).status == 200


def test_no_secret_of_it_stands_in_the_journal(sandbox: SandboxUnderTest, app: str, key: RSAPrivateKey) -> None:
    token = ask(sandbox, app, key).json["access_token"]
    text = str(sandbox.rows("journal"))
    assert token not in text
    assert "eyJhbGci" not in text
