"""No credential and no token can be read in the journal, in any of its forms."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.support.sandboxes import (
    REFRESH_PATH,
    REVOKE_PATH,
    TOKEN_PATH,
    SandboxUnderTest,
    an_invitation,
    an_order,
    basic,
)
from tests.support.stub_destination import StubDestination

SECRET = ("Key", "Secret", "assword")


def secrets_of(sandbox: SandboxUnderTest) -> dict[str, str]:
    return {name: value for name, value in sandbox.credentials.items() if name.endswith(SECRET)}


def forms(secret: str) -> Iterator[str]:
    """How a secret may be written."""
    yield secret
    yield quote(secret)
    yield json.dumps(secret)[1:-1]
    yield base64.b64encode(secret.encode()).decode().rstrip("=")


def everything_shown(sandbox: SandboxUnderTest) -> str:
    """Every form of the journal, and the traces, as one text."""
    root = f"/_mock/sandboxes/{sandbox.id}"
    entries = sandbox.control("GET", "/journal?limit=10000")["journal"]
    parts = [sandbox.call("GET", f"{root}/{part}?limit=10000").text for part in ("journal", "journal.har", "traces")]
    parts += [sandbox.call("GET", f"{root}/journal/{entry['id']}/curl").text for entry in entries]
    parts += [
        sandbox.call("GET", f"{root}/traces/{trace['id']}").text
        for trace in sandbox.control("GET", "/traces?limit=10000")["traces"]
    ]
    return "\n".join(parts)


def use_all_grants(sandbox: SandboxUnderTest) -> list[str]:
    """Every way to a token; the tokens and codes that were given."""
    key, secret = sandbox["apiKey"], sandbox["apiSecret"]
    pair = sandbox.token(sandbox.password_form()).json
    given = [pair["access_token"], pair["refresh_token"], sandbox.access_token(), sandbox.partner_token()]
    headers = {"Authorization": basic(key, secret)}
    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    refreshed = sandbox.call("POST", REFRESH_PATH, form=form, headers=headers).json
    given += [refreshed["access_token"], refreshed["refresh_token"]]
    # In the body in place of the header, and as JSON and as broken JSON, which are refused.
    credentials = {"client_id": key, "client_secret": secret}
    given.append(
        sandbox.call("POST", TOKEN_PATH, form=credentials | {"grant_type": "client_credentials"}).json["access_token"]
    )
    sandbox.call("POST", TOKEN_PATH, data=credentials | sandbox.password_form())
    broken = json.dumps(credentials | sandbox.password_form())[:-1].encode()
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    sandbox.call("POST", TOKEN_PATH, body=broken, headers={"Content-Type": "application/json"})
    sandbox.call("POST", TOKEN_PATH, body=broken, headers=form_type)
    given.append(log_in(sandbox, "code"))
    exchange = {"grant_type": "authorization_code", "code": given[-1], "redirect_uri": sandbox["redirectUri"]}
    tokens = sandbox.call("POST", TOKEN_PATH, form=exchange, headers=headers).json
    given += [tokens["access_token"], tokens["refresh_token"], log_in(sandbox, "token")]
    sandbox.call("POST", REVOKE_PATH, form={"token": tokens["refresh_token"]}, headers=headers)
    return given


def log_in(sandbox: SandboxUnderTest, kind: str) -> str:
    query = {"client_id": sandbox["apiKey"], "redirect_uri": sandbox["redirectUri"], "response_type": kind}
    form = {"username": sandbox["username"], "password": sandbox["password"]}
    target = urlsplit(sandbox.call("POST", f"/?{urlencode(query)}", form=form).headers["Location"])
    return parse_qs(target.query or target.fragment)["code" if kind == "code" else "access_token"][0]


def partner_calls(sandbox: SandboxUnderTest) -> list[str]:
    """A customer's keys are asked for and used; they were given."""
    path = f"/v1/private/partners/{sandbox['partnerId']}/key/{sandbox['businessUnitId']}"
    made = sandbox.call("POST", path, headers={"Authorization": f"Bearer {sandbox.partner_token()}"}).json
    partner = {"X-Partner-Id": sandbox["partnerId"]}
    headers = {"Authorization": basic(made["apiKey"], made["apiSecret"]), **partner}
    token = sandbox.call("POST", TOKEN_PATH, form={"grant_type": "client_credentials"}, headers=headers).json
    sandbox.call("GET", f"/v1/business-units/find?name=x&apikey={made['apiKey']}", headers=partner)
    return [made["apiKey"], made["apiSecret"], token["access_token"]]


def plant(sandbox: SandboxUnderTest, secret: str) -> None:
    """Write a secret into every place where a program might put it by mistake."""
    token = sandbox.access_token()
    headers = {"X-Anything": secret, "Cookie": f"session={secret}", "Referer": f"https://x.test/?token={secret}"}
    sandbox.call("GET", f"/v1/business-units/find?name={secret}&APIKEY={secret}&to%6Ben={secret}", headers=headers)
    sandbox.call("GET", f"/v1/{secret}/nothing?code={secret}")
    sandbox.invite(an_invitation(consumerName=f"Ada {secret}", referenceNumber=f"order {secret}"), token=token)
    sandbox.invite({"referenceNumber": 1, "note": secret}, token=token)
    sandbox.invite(token=token, headers={"x-business-user-id": secret})
    sandbox.track(an_order(note=secret) | {"writeKey": secret, "context": {"token": secret}})
    sandbox.track({"batch": [an_order() | {"writeKey": secret}], "writeKey": secret}, path="/v1/batch")
    sandbox.call("POST", TOKEN_PATH, form={"grant_type": secret, "username": secret})


def test_no_credential_and_no_token_is_in_any_form_of_the_journal(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.connect(destination.url)
    known = secrets_of(sandbox)
    # A destination that repeats everything it got, its key too.
    destination.say[0].body = json.dumps(
        {"message": f"Thanks, {known['integrationKey']}", "authorization": basic(known["integrationKey"])}
    ).encode()
    destination.say[0].location = f"https://x.test/?token={known['integrationKey']}"
    sandbox.control(
        "POST",
        "/webhook-subscriptions",
        {"event": "service-review-created", "url": f"{destination.url}?token={known['apiSecret']}"},
    )
    given = use_all_grants(sandbox) + partner_calls(sandbox)
    for secret in known.values():
        plant(sandbox, secret)
    sandbox.settle()
    sandbox.control("POST", "/reviews", {"stars": 5, "text": known["password"], "consumerName": known["apiKey"]})
    sandbox.settle()
    shown = everything_shown(sandbox)
    assert len(sandbox.control("GET", "/journal?limit=10000")["journal"]) > 80
    for secret in [*known.values(), *given]:
        for form in forms(secret):
            assert form not in shown
    for first, second in (("apiKey", "apiSecret"), ("partnerApiKey", "partnerApiSecret")):
        assert basic(known[first], known[second]).removeprefix("Basic ") not in shown
    for alone in ("writeKey", "integrationKey"):
        assert basic(known[alone]).removeprefix("Basic ") not in shown
    for name in ("{apiKey:apiSecret}", "{partnerApiKey:partnerApiSecret}", "{writeKey:}", "{integrationKey:}"):
        assert name in shown


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (TOKEN_PATH, {"grant_type": "password", "username": "x", "password": "not-theirs-at-all"}),
        (TOKEN_PATH, {"client_id": "not-theirs-at-all", "client_secret": "not-theirs-at-all"}),
        (REVOKE_PATH, {"token": "not-theirs-at-all"}),
    ],
)
def test_secrets_of_nobody_are_hidden_too(sandbox: SandboxUnderTest, path: str, form: dict[str, str]) -> None:
    headers = {"Authorization": basic(sandbox["apiKey"], "not-theirs-at-all")}
    sandbox.call("POST", path, form=form, headers=headers)
    sandbox.get("/v1/business-units/find?name=x&token=not-theirs-at-all", headers={"apikey": sandbox["apiKey"]})
    sandbox.track(an_order() | {"writeKey": "not-theirs-at-all"})
    shown = everything_shown(sandbox)
    assert len(sandbox.control("GET", "/journal")["journal"]) == 3
    assert "not-theirs-at-all" not in shown
    assert basic(sandbox["apiKey"], "not-theirs-at-all").removeprefix("Basic ") not in shown
