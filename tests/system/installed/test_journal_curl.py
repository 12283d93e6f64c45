"""A journal entry as a script: a shell that runs it makes the same call again, its secrets from ``tpmock env``."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import requests

from tests.support.programs import needs_curl
from tests.support.sandboxes import TOKEN_PATH, an_invitation, an_order
from tests.support.stub_destination import StubDestination
from tests.system.installed.running import Command, in_bash, ran

pytestmark = needs_curl

#: What shells, curl and JSON each treat in a way of their own.
NASTY = 'it\'s "q" $HOME `id` $(id) \\n \\ {apiKey} [1-3] ; rm & | * ~ # % ø ✓ \t !'


class Caller:
    """Calls a mock as a program would, and makes the last call again."""

    def __init__(self, tpmock: Command, url: str) -> None:
        self.url = url
        self._tpmock = tpmock
        self._session = requests.Session()
        self._session.trust_env = False
        self.sandbox = self.control("")
        self.credentials: dict[str, str] = self.sandbox["credentials"]

    def control(self, path: str, body: Any = None, method: str = "") -> Any:
        method = method or ("GET" if body is None else "POST")
        address = f"{self.url}/_mock/sandboxes/default{path}"
        answer = self._session.request(method, address, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(method, self.url + path, timeout=30, **options)

    def newest(self) -> dict[str, Any]:
        entry: dict[str, Any] = self.control("/journal?limit=1")["journal"][0]
        return entry

    def again(self, entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Run the script of an entry; what it printed, and the entry that it made."""
        script = self.control(f"/journal/{entry['id']}/curl")
        eval_env = f'eval "$({shlex.join([*self._tpmock, "env", "--url", self.url])})"'
        printed = in_bash(f"{eval_env}\n{shlex.join(['bash', '-c', script])}")
        return printed, self.newest()

    @property
    def token(self) -> str:
        auth = (self.credentials["apiKey"], self.credentials["apiSecret"])
        answer = self.call("POST", TOKEN_PATH, data={"grant_type": "client_credentials"}, auth=auth)
        return str(answer.json()["access_token"])


@pytest.fixture
def caller(tpmock: Command, mock_url: str) -> Caller:
    return Caller(tpmock, mock_url)


def same_call(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Fail unless both were the same call with the same answer, but for what belongs to one connection."""
    assert second["id"] > first["id"]
    for name in ("method", "url", "operation", "status"):
        assert second[name] == first[name], name
    assert second["request"]["body"] == first["request"]["body"]
    private = ("Host", "Content-Length", "Connection", "Accept-Encoding", "Content-Encoding")
    for name, value in first["request"]["headers"].items():
        if name not in private:
            assert second["request"]["headers"].get(name) == value, name


def test_public_calls_with_the_key_in_the_header_or_the_query(caller: Caller) -> None:
    key = caller.credentials["apiKey"]
    for options in (
        {"headers": {"apikey": key, "X-Odd": "it's $HOME", "X-Empty": ""}, "params": {"name": NASTY}},
        {"params": {"name": "trustpilotdemo.com", "apikey": key}},
        {"params": {"name": "trustpilotdemo.com", "apikey": caller.credentials["partnerApiKey"]}},
    ):
        caller.call("GET", "/v1/business-units/find", **options)
        entry = caller.newest()
        printed, again = caller.again(entry)
        assert printed.startswith(f"HTTP/1.1 {entry['status']}")
        same_call(entry, again)


def test_tokens_by_every_grant_that_has_no_memory(caller: Caller) -> None:
    own = (caller.credentials["apiKey"], caller.credentials["apiSecret"])
    partner = (caller.credentials["partnerApiKey"], caller.credentials["partnerApiSecret"])
    for auth, form in (
        (own, {"grant_type": "client_credentials"}),
        (own, {"grant_type": "password", **_user(caller, "username", "password")}),
        (partner, {"grant_type": "password", **_user(caller, "partnerUsername", "partnerPassword")}),
        ((own[0], "wrong-by-far"), {"grant_type": "client_credentials", "note": NASTY}),
    ):
        caller.call("POST", TOKEN_PATH, data=form, auth=auth)
        entry = caller.newest()
        printed, again = caller.again(entry)
        assert entry["status"] == (401 if "wrong" in auth[1] else 200)
        assert printed.startswith(f"HTTP/1.1 {entry['status']}")
        assert again["request"]["body"] == entry["request"]["body"]


def _user(caller: Caller, name: str, password: str) -> dict[str, str]:
    return {"username": caller.credentials[name], "password": caller.credentials[password]}


def test_a_private_call_with_a_fresh_token_and_a_body_full_of_traps(caller: Caller) -> None:
    path = f"/v1/private/business-units/{caller.credentials['businessUnitId']}/email-invitations"
    headers = {"Authorization": f"Bearer {caller.token}", "x-business-user-id": caller.credentials["businessUserId"]}
    caller.call("POST", path, json=an_invitation(consumerName=NASTY, referenceNumber="1'1"), headers=headers)
    entry = caller.newest()
    assert entry["status"] == 202
    printed, again = caller.again(entry)
    assert "HTTP/1.1 202" in printed
    same_call(entry, again)
    assert [row["consumerName"] for row in caller.control("/invitations")["invitations"]] == [NASTY, NASTY]


def test_a_call_of_a_partner(caller: Caller) -> None:
    auth = (caller.credentials["partnerApiKey"], caller.credentials["partnerApiSecret"])
    form = {"grant_type": "password", **_user(caller, "partnerUsername", "partnerPassword")}
    token = caller.call("POST", TOKEN_PATH, data=form, auth=auth).json()["access_token"]
    path = f"/v1/private/partners/{caller.credentials['partnerId']}/check/{caller.credentials['businessUnitId']}"
    caller.call("GET", path, headers={"Authorization": f"Bearer {token}"})
    entry = caller.newest()
    assert entry["status"] == 201
    same_call(entry, caller.again(entry)[1])


@pytest.mark.parametrize("body", ["@/etc/hostname", "'; echo no; '", ""])
def test_a_body_of_any_form(caller: Caller, body: str) -> None:
    path = f"/v1/private/business-units/{caller.credentials['businessUnitId']}/email-invitations"
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"}
    caller.call("POST", path, data=body.encode(), headers=headers)
    entry = caller.newest()
    assert entry["status"] == 400
    same_call(entry, caller.again(entry)[1])


def test_an_event_and_its_delivery(caller: Caller) -> None:
    with StubDestination() as destination:
        settings = {"url": destination.url, "settings": {"apiKey": caller.credentials["integrationKey"]}}
        caller.control("/segment/destinations/Trustpilot", settings, "PUT")
        auth = (caller.credentials["writeKey"], "")
        caller.call("POST", "/v1/track", json=an_order(note=NASTY) | {"messageId": "m-1"}, auth=auth)
        caller.control("/settle", {})
        track, deliver = caller.control("/journal")["journal"]
        assert caller.again(deliver)[0].startswith("HTTP/1.1 200")
        first, second = destination.received
        assert (first.event, first.headers["Authorization"]) == (second.event, second.headers["Authorization"])
        same_call(track, caller.again(track)[1])


def test_a_call_to_the_real_host_name_goes_to_the_mock_by_that_name(caller: Caller) -> None:
    key = caller.credentials["apiKey"]
    headers = {"Host": "api.trustpilot.com", "apikey": key}
    caller.call("GET", "/v1/business-units/find?name=trustpilotdemo.com", headers=headers)
    entry = caller.newest()
    assert entry["url"].startswith("http://api.trustpilot.com/")
    printed, again = caller.again(entry)
    assert printed.startswith("HTTP/1.1 200")
    assert again["url"] == entry["url"]


def test_a_secret_of_nobody_is_left_to_its_owner(tpmock: Command, caller: Caller) -> None:
    caller.call("GET", "/v1/business-units/find?name=x", headers={"apikey": "a-key-of-somebody-else"})
    script = ran([*tpmock, "journal", "curl", "1", "--url", caller.url]).stdout
    assert "somebody" not in script
    assert "# A masked secret is not a credential of this sandbox" in script
    assert "Apikey: a-ke…" in script


def test_what_is_no_call_has_no_script(caller: Caller) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        caller.control("/journal/1/curl")
