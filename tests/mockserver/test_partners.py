"""The partner flow of seed document 003: 200 is a no, 201 is a yes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.doors import Answer
from tests.sandboxes import SandboxUnderTest, an_invitation, basic

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
@pytest.mark.parametrize(
    ("unit", "words"), [(FREE, "no paid plan"), (SWITCHED_OFF, "not switched partner permissions on")]
)
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
    query = {"client_id": key["apiKey"], "redirect_uri": sandbox["redirectUri"], "response_type": "code"}
    form = {"username": sandbox["username"], "password": sandbox["password"]}
    back = sandbox.call("POST", f"/?{urlencode(query)}", form=form)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": sandbox["redirectUri"]}
    headers = {"Authorization": basic(key["apiKey"], key["apiSecret"])}
    answer = sandbox.call(
        "POST", "/v1/oauth/oauth-business-users-for-applications/accesstoken", form=exchange, headers=headers
    )
    return answer.json["access_token"], key


def test_the_key_works_for_the_authorization_code_flow_and_its_token_invites(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    answer = sandbox.invite(token=token, headers={"X-Any-Name": sandbox["partnerId"]})
    assert answer.status == 202
    assert "partner id" not in answer.hint


def test_the_partner_header_is_advised_and_can_be_required(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    assert "partner id" in sandbox.invite(token=token).hint
    sandbox.control("PATCH", "/variants", {"partner_header": "required"})
    refused = sandbox.invite(an_invitation(referenceNumber="1002"), token=token)
    assert refused.status == 403
    assert [row["referenceNumber"] for row in sandbox.rows("invitations")] == ["1001"]


def test_a_customer_key_reaches_its_own_unit_only(sandbox: SandboxUnderTest) -> None:
    token, _ = customer_token(sandbox)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/v1/private/business-units/{FREE}/email-invitations"
    answer = sandbox.call("POST", path, data=an_invitation(), headers=headers)
    assert answer.status == 403
    assert FREE in answer.hint
