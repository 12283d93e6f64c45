"""The page on which a customer logs in: for a person a form, for a program a code."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.doors import Answer
from tests.sandboxes import SandboxUnderTest


def page(sandbox: SandboxUnderTest, method: str = "GET", form: dict[str, str] | None = None, **query: str) -> Answer:
    wanted = {
        "client_id": sandbox["apiKey"],
        "redirect_uri": sandbox["redirectUri"],
        "response_type": "code",
        **query,
    }
    return sandbox.call(method, f"/?{urlencode(wanted)}", form=form)


def login(sandbox: SandboxUnderTest, **query: str) -> Answer:
    form = {"username": sandbox["username"], "password": sandbox["password"]}
    return page(sandbox, "POST", form, **query)


def code_of(answer: Answer) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def exchange(sandbox: SandboxUnderTest, code: str, redirect_uri: str = "") -> Answer:
    uri = redirect_uri or sandbox["redirectUri"]
    return sandbox.token({"grant_type": "authorization_code", "code": code, "redirect_uri": uri})


def test_the_page_has_a_form_a_person_can_use_and_says_it_is_unofficial(sandbox: SandboxUnderTest) -> None:
    answer = page(sandbox)
    assert answer.status == 200
    assert '<form method="post">' in answer.text
    assert "Unofficial" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_logging_in_leads_back_with_code_and_state(sandbox: SandboxUnderTest) -> None:
    answer = login(sandbox, state="a b&c")
    assert answer.status == 302
    assert answer.headers["Location"].startswith(sandbox["redirectUri"] + "?code=")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["state"] == ["a b&c"]


def test_the_code_is_worth_tokens_once(sandbox: SandboxUnderTest) -> None:
    code = code_of(login(sandbox))
    first = exchange(sandbox, code)
    assert first.status == 200
    assert first.json["refresh_token"]
    again = exchange(sandbox, code)
    assert (again.status, again.json["ErrorCode"]) == (400, "invalid_grant")


def test_the_redirect_address_of_the_exchange_must_be_identical(sandbox: SandboxUnderTest) -> None:
    answer = exchange(sandbox, code_of(login(sandbox)), sandbox["redirectUri"] + "/")
    assert answer.status == 400
    assert sandbox["redirectUri"] in answer.hint


def test_a_code_is_good_for_ten_minutes(sandbox: SandboxUnderTest) -> None:
    code = code_of(login(sandbox))
    sandbox.advance("10m")
    assert exchange(sandbox, code).status == 400


def test_an_address_that_is_not_registered_gets_a_page_and_no_redirect(sandbox: SandboxUnderTest) -> None:
    for method in ("GET", "POST"):
        answer = page(sandbox, method, {} if method == "POST" else None, redirect_uri="https://evil.example.com/")
        assert answer.status == 400
        assert "Location" not in answer.headers
        assert "not registered" in answer.text


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000/callback", "http://localhost:65000/callback"])
def test_a_loopback_address_may_have_any_port(sandbox: SandboxUnderTest, uri: str) -> None:
    assert exchange(sandbox, code_of(login(sandbox, redirect_uri=uri)), uri).status == 200


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5000/other", "http://127.0.0.1:x/callback", "http://[", "javascript:alert(1)"]
)
def test_odd_addresses_are_refused(sandbox: SandboxUnderTest, uri: str) -> None:
    assert page(sandbox, redirect_uri=uri).status == 400


def test_a_wrong_password_shows_the_form_again(sandbox: SandboxUnderTest) -> None:
    answer = page(sandbox, "POST", {"username": sandbox["username"], "password": "wrong"})
    assert answer.status == 401
    assert "<form" in answer.text


def test_refusing_leads_back_with_the_standard_error(sandbox: SandboxUnderTest) -> None:
    answer = page(sandbox, "POST", {"decision": "deny"}, state="s")
    assert answer.status == 302
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"error": ["access_denied"], "state": ["s"]}


def test_a_user_without_a_role_on_the_unit_may_not_log_in(sandbox: SandboxUnderTest) -> None:
    form = {"username": "owner@foreign.example.com", "password": "other-side-of-town"}
    assert page(sandbox, "POST", form).status == 401


def test_the_implicit_grant_gives_a_token_in_the_fragment_and_nothing_to_refresh(sandbox: SandboxUnderTest) -> None:
    answer = login(sandbox, response_type="token", state="s")
    back = urlsplit(answer.headers["Location"])
    told = {name: values[0] for name, values in parse_qs(back.fragment).items()}
    assert (back.query, told["token_type"], told["expires_in"], told["state"]) == ("", "bearer", "359999", "s")
    assert "refresh_token" not in told
    assert sandbox.invite(token=told["access_token"]).status == 202


@pytest.mark.parametrize("missing", [{"response_type": "id_token"}, {"redirect_uri": ""}])
def test_a_link_that_lacks_something_says_what(sandbox: SandboxUnderTest, missing: dict[str, str]) -> None:
    answer = page(sandbox, "GET", None, **missing)
    assert answer.status == 400
    assert next(iter(missing)) in answer.hint


def test_markup_in_the_address_is_shown_as_text(sandbox: SandboxUnderTest) -> None:
    answer = page(sandbox, redirect_uri="https://example.com/<script>alert(1)</script>")
    assert answer.status == 400
    assert "<script>" not in answer.text


def test_without_a_login_request_the_root_leads_to_the_console(sandbox: SandboxUnderTest) -> None:
    answer = sandbox._door.send("GET", "/", {}, b"")
    assert (answer.status, answer.headers["Location"]) == (302, "/_mock/")
