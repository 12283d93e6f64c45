"""The partner flow of seed document 003: 200 is a no, 201 is a yes."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tpmock import spec

from tests.support.doors import Answer
from tests.support.sandboxes import REFRESH_PATH, SandboxUnderTest, an_invitation, basic

FREE, SWITCHED_OFF, FOREIGN = (f"5a000000000000000000000{digit}" for digit in (1, 2, 3))


def ask(sandbox: SandboxUnderTest, what: str, *, unit: str = "", partner: str = "", token: str = "") -> Answer:
    path = f"/v1/private/partners/{partner or sandbox['partnerId']}/{what}/{unit or sandbox['businessUnitId']}"
    headers = {"Authorization": f"Bearer {token or sandbox.partner_token()}"}
    return sandbox.call("GET" if what == "check" else "POST", path, headers=headers)


def test_the_seeds_ids_work_in_the_default_sandbox_as_they_are_written(door: object, judge: object) -> None:
    default = SandboxUnderTest(door, judge, sandbox_id="default")  # type: ignore[arg-type]
    assert default["partnerId"] == "cd94b09c-8f89-11ea-bc55-0242ac130003"
    assert default["businessUnitId"] == "507f191e810c19729de860ea"
    assert ask(default, "check").status == 201


@pytest.mark.parametrize("what", ["check", "key"])
@pytest.mark.parametrize(("unit", "words"), [(FREE, "no paid plan"), (SWITCHED_OFF, "not enabled partner permissions")])
def test_a_customer_without_rights_gets_200(sandbox: SandboxUnderTest, what: str, unit: str, words: str) -> None:
    answer = ask(sandbox, what, unit=unit)
    assert (answer.status, answer.json) == (200, {})
    assert words in answer.hint


@pytest.mark.parametrize("what", ["check", "key"])
@pytest.mark.parametrize(("unit", "words"), [(FOREIGN, "another partner"), ("f" * 24, "No business unit")])
def test_a_unit_that_is_none_of_the_partners_business_is_403(
    sandbox: SandboxUnderTest, what: str, unit: str, words: str
) -> None:
    answer = ask(sandbox, what, unit=unit)
    assert (answer.status, answer.json["errorCode"]) == (403, 1014)
    assert words in answer.hint


def test_an_unknown_partner_id_is_403_at_the_check_and_404_at_the_key(sandbox: SandboxUnderTest) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    assert ask(sandbox, "check", partner=unknown).status == 403
    assert ask(sandbox, "key", partner=unknown).status == 404


@pytest.mark.parametrize("what", ["check", "key"])
def test_another_partners_id_is_403(sandbox: SandboxUnderTest, what: str) -> None:
    assert ask(sandbox, what, partner=sandbox["otherPartnerId"]).status == 403


@pytest.mark.parametrize("what", ["check", "key"])
def test_a_shops_own_token_is_403(sandbox: SandboxUnderTest, what: str) -> None:
    assert ask(sandbox, what, token=sandbox.access_token()).status == 403


@pytest.mark.parametrize("what", ["check", "key"])
def test_no_token_is_401(sandbox: SandboxUnderTest, what: str) -> None:
    path = f"/v1/private/partners/{sandbox['partnerId']}/{what}/{sandbox['businessUnitId']}"
    method = "GET" if what == "check" else "POST"
    assert sandbox.call(method, path).status == 401
    with_key = sandbox.call(method, path, headers={"apikey": sandbox["partnerApiKey"]})
    assert with_key.status == 401
    assert "API key alone works on public routes only" in with_key.hint


def customer_token(sandbox: SandboxUnderTest) -> tuple[str, dict[str, str]]:
    """A customer's token by the partner's whole road: key, login, code."""
    key = ask(sandbox, "key").json
    return exchanged(sandbox, key)["access_token"], key


def exchanged(sandbox: SandboxUnderTest, key: dict[str, str]) -> dict[str, str]:
    """The tokens of a customer who logs in with a partner's key for it."""
    tokens: dict[str, str] = exchange(sandbox, key, logged_in(sandbox, key)).json
    return tokens


def logged_in(sandbox: SandboxUnderTest, key: dict[str, str]) -> str:
    """The code that the login gives for a partner's key."""
    query = {"client_id": key["apiKey"], "redirect_uri": sandbox["redirectUri"], "response_type": "code"}
    form = {"username": sandbox["username"], "password": sandbox["password"]}
    back = sandbox.call("POST", f"/?{urlencode(query)}", form=form)
    return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


def exchange(sandbox: SandboxUnderTest, key: dict[str, str], code: str) -> Answer:
    """A code for tokens."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": sandbox["redirectUri"]}
    headers = {"Authorization": basic(key["apiKey"], key["apiSecret"]), "X-Any-Name": sandbox["partnerId"]}
    path = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
    return sandbox.call("POST", path, form=form, headers=headers)


def test_the_key_works_for_the_authorization_code_flow_and_its_token_invites(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    answer = sandbox.invite(token=token, headers={"X-Any-Name": sandbox["partnerId"]})
    assert answer.status == 202
    assert "partner ID" not in answer.hint


_UNITS = "/v1/business-units"
_TOKEN = "/v1/oauth/oauth-business-users-for-applications"

#: Every way in which a customer's key or token comes: method, path, headers and form, in which {} stands for values.
CUSTOMER_CALLS: dict[str, tuple[str, str, dict[str, str], dict[str, str] | None]] = {
    "key in a header": ("GET", _UNITS + "/find?name=trustpilotdemo.com", {"apikey": "{apiKey}"}, None),
    "key in the query": ("GET", _UNITS + "/find?name=trustpilotdemo.com&apikey={apiKey}", {}, None),
    "token on a public call": (
        "GET", _UNITS + "/find?name=trustpilotdemo.com", {"Authorization": "Bearer {token}"}, None,
    ),
    "token on a private call": (
        "GET", "/v1/private/business-units/{businessUnitId}/reviews", {"Authorization": "Bearer {token}"}, None,
    ),
    "token in the query": ("GET", "/v1/private/business-units/{businessUnitId}/templates?token={token}", {}, None),
    "key as OAuth client": (
        "POST", _TOKEN + "/accesstoken", {"Authorization": "{basic}"}, {"grant_type": "client_credentials"},
    ),
    "key as OAuth client that revokes": (
        "POST", _TOKEN + "/revoke", {"Authorization": "{basic}"}, {"token": "{token}"},
    ),
}  # fmt: skip


def customer_call(
    sandbox: SandboxUnderTest, known: dict[str, str], name: str, extra: dict[str, str] | None = None
) -> Answer:
    method, path, headers, form = CUSTOMER_CALLS[name]
    filled = {key: value.format_map(known) for key, value in headers.items()}
    sent = None if form is None else {key: value.format_map(known) for key, value in form.items()}
    return sandbox.call(method, path.format_map(known), headers=filled | (extra or {}), form=sent)


@pytest.mark.parametrize("name", CUSTOMER_CALLS)
def test_any_call_of_a_customer_carries_the_partner_id(sandbox: SandboxUnderTest, name: str) -> None:
    token, key = customer_token(sandbox)
    known = {
        **sandbox.credentials,
        **key,
        "token": token,
        "basic": basic(key["apiKey"], key["apiSecret"]),
    }
    refused = customer_call(sandbox, known, name)
    assert (refused.status, refused.json["errorCode"]) == (403, 1014)
    assert "partner ID is missing" in refused.hint
    assert sandbox["partnerId"] in refused.hint
    assert customer_call(sandbox, known, name, {"X-Wrong": sandbox["otherPartnerId"]}).status == 403
    sandbox.control("PATCH", "/variants", {"partner_header": "optional"})
    if "revokes" not in name:
        advised = customer_call(sandbox, known, name)
        assert advised.status == 200
        assert "partner ID" in advised.hint
    sandbox.control("PATCH", "/variants", {"partner_header": "required"})
    right = customer_call(sandbox, known, name, {"X-Any-Name": sandbox["partnerId"]})
    assert right.status == 200
    assert "partner ID" not in right.hint


def test_a_refused_call_without_the_partner_id_changes_nothing(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    assert sandbox.invite(token=token).status == 403
    assert sandbox.rows("invitations") == []


def test_no_operation_forgets_the_partner_id(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    headers = {"Authorization": f"Bearer {token}"}
    asked = [
        operation
        for operation in spec.load("trustpilot").operations.values()
        if "accessToken" in operation.security and not operation.anonymous
    ]
    answers = {
        operation.id: sandbox.call(operation.method, re.sub(r"{\w+}", "5" * 24, operation.path), headers=headers)
        for operation in asked
    }
    assert len(answers) > 60
    assert {name: answer.status for name, answer in answers.items() if "partner ID" not in answer.hint} == {}


def test_a_shops_own_keys_need_no_partner_id(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(token=sandbox.access_token())
    assert answer.status == 202
    assert "partner" not in answer.hint


def test_a_customers_token_dies_after_100_hours_and_is_refreshed(sandbox: SandboxUnderTest) -> None:
    key = ask(sandbox, "key").json
    tokens = exchanged(sandbox, key)
    partner = {"X-Any-Name": sandbox["partnerId"]}
    sandbox.advance("PT99H59M")
    assert sandbox.invite(token=tokens["access_token"], headers=partner).status == 202
    sandbox.advance("PT1M")
    dead = sandbox.invite(an_invitation(referenceNumber="1002"), token=tokens["access_token"], headers=partner)
    assert (dead.status, "expired" in dead.hint) == (401, True)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    headers = {"Authorization": basic(key["apiKey"], key["apiSecret"]), **partner}
    fresh = sandbox.call("POST", REFRESH_PATH, form=form, headers=headers)
    assert fresh.status == 200
    again = sandbox.invite(an_invitation(referenceNumber="1002"), token=fresh.json["access_token"], headers=partner)
    assert again.status == 202
    assert [row["referenceNumber"] for row in sandbox.rows("invitations")] == ["1001", "1002"]


def test_a_customer_key_reaches_its_own_unit_only(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    headers = {"Authorization": f"Bearer {token}", "X-Any-Name": sandbox["partnerId"]}
    path = f"/v1/private/business-units/{FREE}/email-invitations"
    answer = sandbox.call("POST", path, data=an_invitation(), headers=headers)
    assert answer.status == 403
    assert FREE in answer.hint


WITHDRAWN: list[dict[str, object]] = [{"partnerPermission": False}, {"onlyPartner": "another"}]
PERMITTED: dict[str, object] = {"partnerPermission": True, "onlyPartner": None}


def switch(sandbox: SandboxUnderTest, to: dict[str, object]) -> None:
    sandbox.control("PATCH", f"/business-units/{sandbox['businessUnitId']}", to)


@pytest.mark.parametrize("withdrawn", WITHDRAWN)
@pytest.mark.parametrize(
    ("variant", "during", "words", "after", "refreshed"),
    [
        ("forbidden", 403, "no longer permits this partner to act", 202, 200),
        ("revoked", 401, "revoked", 401, 400),
        ("kept", 202, "", 202, 200),
    ],
)
def test_what_a_customers_tokens_may_do_once_the_permission_is_withdrawn(
    sandbox: SandboxUnderTest,
    withdrawn: dict[str, object],
    variant: str,
    during: int,
    words: str,
    after: int,
    refreshed: int,
) -> None:
    sandbox.control("PATCH", "/variants", {"withdrawn_permission": variant})
    key = ask(sandbox, "key").json
    tokens = exchanged(sandbox, key)
    token, partner = tokens["access_token"], {"X-Any-Name": sandbox["partnerId"]}

    def invite(number: str) -> Answer:
        return sandbox.invite(an_invitation(referenceNumber=number), token=token, headers=partner)

    assert invite("before").status == 202
    switch(sandbox, withdrawn)
    refused = invite("during")
    assert refused.status == during
    assert words in refused.hint
    if during == 403:
        assert refused.json["errorCode"] == 1014
    assert sandbox.invite(an_invitation(referenceNumber="own"), token=sandbox.access_token()).status == 202
    switch(sandbox, PERMITTED)
    assert invite("after").status == after
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    headers = {"Authorization": basic(key["apiKey"], key["apiSecret"]), **partner}
    assert sandbox.call("POST", REFRESH_PATH, form=form, headers=headers).status == refreshed
    taken = {"before", "own"} | ({"during"} if during == 202 else set()) | ({"after"} if after == 202 else set())
    assert {row["referenceNumber"] for row in sandbox.rows("invitations")} == taken


@pytest.mark.parametrize(("variant", "status"), [("forbidden", 403), ("revoked", 401), ("kept", 200)])
@pytest.mark.parametrize("path", [_UNITS + "/find?name=trustpilotdemo.com", _UNITS + "/{unit}", "/v1/categories"])
def test_a_public_call_with_a_customers_token_needs_the_permission_too(
    sandbox: SandboxUnderTest, path: str, variant: str, status: int
) -> None:
    sandbox.control("PATCH", "/variants", {"withdrawn_permission": variant})
    token, key = customer_token(sandbox)
    path = path.format(unit=sandbox["businessUnitId"])
    partner = {"X-Any-Name": sandbox["partnerId"]}
    headers = {"Authorization": f"Bearer {token}", **partner}
    assert sandbox.call("GET", path, headers=headers).status == 200
    switch(sandbox, {"partnerPermission": False})
    assert sandbox.call("GET", path, headers=headers).status == status
    assert sandbox.call("GET", path, headers={"apikey": key["apiKey"], **partner}).status == 200
    switch(sandbox, PERMITTED)
    assert sandbox.call("GET", path, headers=headers).status == (401 if variant == "revoked" else 200)


@pytest.mark.parametrize(("variant", "status"), [("forbidden", 403), ("revoked", 403), ("kept", 202)])
def test_a_login_while_the_permission_is_off_gives_a_token_that_may_do_no_more(
    sandbox: SandboxUnderTest, variant: str, status: int
) -> None:
    sandbox.control("PATCH", "/variants", {"withdrawn_permission": variant})
    key = ask(sandbox, "key").json
    switch(sandbox, {"partnerPermission": False})
    token = exchanged(sandbox, key)["access_token"]
    assert sandbox.invite(token=token, headers={"X-Any-Name": sandbox["partnerId"]}).status == status


@pytest.mark.parametrize(("variant", "status"), [("forbidden", 200), ("revoked", 400), ("kept", 200)])
def test_a_code_that_was_given_before_the_permission_was_withdrawn(
    sandbox: SandboxUnderTest, variant: str, status: int
) -> None:
    sandbox.control("PATCH", "/variants", {"withdrawn_permission": variant})
    key = ask(sandbox, "key").json
    code = logged_in(sandbox, key)
    switch(sandbox, {"partnerPermission": False})
    assert exchange(sandbox, key, code).status == status


def test_other_customers_and_the_partner_itself_keep_their_tokens(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"withdrawn_permission": "revoked"})
    token, _ = customer_token(sandbox)
    partner = sandbox.partner_token()
    for permission in (True, False):
        sandbox.control("PATCH", f"/business-units/{SWITCHED_OFF}", {"partnerPermission": permission})
    assert sandbox.invite(token=token, headers={"X-Any-Name": sandbox["partnerId"]}).status == 202
    assert ask(sandbox, "check", token=partner).status == 201
