"""The page on which a customer logs in: for a person a form, for a program a code."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest


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


LOOPBACK = [
    "http://127.0.0.1:5000/callback",
    "http://localhost:65000/anything/below?a=b",
    "http://[::1]:5000",
    "https://localhost/callback",
]


@pytest.mark.parametrize("uri", LOOPBACK)
def test_a_loopback_address_may_have_any_port_and_path(sandbox: SandboxUnderTest, uri: str) -> None:
    shown, answer = page(sandbox, redirect_uri=uri), login(sandbox, redirect_uri=uri)
    assert "The real Trustpilot" in shown.hint
    assert "The real Trustpilot" in answer.hint
    assert answer.headers["Location"].startswith(uri)
    assert exchange(sandbox, code_of(answer), uri).status == 200


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("http://127.0.0.1:5000/callback", 200),
        ("http://localhost/callback", 200),
        ("http://127.0.0.1:5000/other", 400),
        ("http://127.0.0.1:5000/callback/", 400),
        ("https://localhost/callback", 400),
        ("http://[::1]:5000/callback", 400),
    ],
)
def test_by_variant_a_loopback_address_has_to_be_registered(sandbox: SandboxUnderTest, uri: str, status: int) -> None:
    sandbox.control("PATCH", "/variants", {"loopback_redirects": "registered"})
    assert page(sandbox, redirect_uri=uri).status == status


@pytest.mark.parametrize("variants", [{}, {"redirect_matching": "base"}])
@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:x/callback",
        "http://[",
        "javascript:alert(1)",
        "\thttp://127.0.0.1/callback",
        "http://127.0.0.1/call\tback",
        "http://127.0.0.1/callback\n",
        " http://127.0.0.1/callback",
        "http://somebody@127.0.0.1/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1\\@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://evil.example#http://127.0.0.1/callback",
        "http://127.0.0.1/callback#fragment",
        "HTTP://127.0.0.1/callback",
        "http://127.0.0.1:123456/callback",
        "http://2130706433/callback",
        "//127.0.0.1/callback",
        "https://partner.example.com/oauth/callback/",
        "https://partner.example.com/oauth/callback?",
        " https://partner.example.com/oauth/callback",
        "https://partner.example.com/oauth/callback\t",
        "https://PARTNER.example.com/oauth/callback",
        "https://partner.example.com:443/oauth/callback",
        "https://partner.example.com/oauth/callbac",
        "https://x@partner.example.com/oauth/callback",
        "https://partner.example.com/oauth/callback/../../x",
        "https://partner.example.com/oauth/callback/%2e%2E/x",
        "https://partner.example.com/oauth/callback/..%5cx",
        "https://partner.example.com/oauth/callbackx",
    ],
)
def test_odd_addresses_are_refused(sandbox: SandboxUnderTest, uri: str, variants: dict[str, str]) -> None:
    below = uri.endswith(("/callback/", "/callback?"))
    if variants:
        sandbox.control("PATCH", "/variants", variants)
    answer = page(sandbox, redirect_uri=uri)
    assert answer.status == (200 if below and variants else 400)


def redirects(sandbox: SandboxUnderTest) -> dict[str, list[str]]:
    return {row["address"]: row["applications"] for row in sandbox.rows("redirect-addresses")}


def test_an_app_registers_its_own_address(sandbox: SandboxUnderTest) -> None:
    uri = "https://shop.example.com/back?shop=1"
    assert page(sandbox, redirect_uri=uri).status == 400
    sandbox.control("POST", "/redirect-addresses", {"address": uri})
    made = sandbox.control("POST", "/redirect-addresses", {"address": uri})
    assert len(made["applications"]) == 2
    assert redirects(sandbox)[uri] == made["applications"]
    answer = login(sandbox, redirect_uri=uri)
    assert answer.headers["Location"].startswith(f"{uri}&code=")
    assert answer.hint == ""
    assert exchange(sandbox, code_of(answer), uri).status == 200
    path = f"/_mock/sandboxes/{sandbox.id}/redirect-addresses?{urlencode({'address': uri})}"
    assert [sandbox.call("DELETE", path).status for _ in range(2)] == [204, 404]
    assert page(sandbox, redirect_uri=uri).status == 400


def test_an_address_can_be_one_keys_alone(sandbox: SandboxUnderTest) -> None:
    uri = "com.example.shop:/oauth"
    made = sandbox.control("POST", "/redirect-addresses", {"address": uri, "apiKey": sandbox["partnerApiKey"]})
    assert len(made["applications"]) == 1
    assert page(sandbox, redirect_uri=uri).status == 400
    assert page(sandbox, redirect_uri=uri, client_id=sandbox["partnerApiKey"]).status == 200


def test_a_base_address_allows_any_path_below_it_by_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/redirect-addresses", {"address": "https://shop.example.com"})
    below = "https://shop.example.com/a/b?c=d"
    assert page(sandbox, redirect_uri=below).status == 400
    sandbox.control("PATCH", "/variants", {"redirect_matching": "base"})
    assert page(sandbox, redirect_uri=below).status == 200
    for outside in (
        "https://shop.example.com.evil.example/",
        "https://shop.example.com:444/",
        "http://shop.example.com/",
    ):
        assert page(sandbox, redirect_uri=outside).status == 400


def test_an_address_without_a_path_gets_a_slash_as_documented(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/redirect-addresses", {"address": "https://www.example.com"})
    answer = login(sandbox, redirect_uri="https://www.example.com")
    assert answer.headers["Location"].startswith("https://www.example.com/?code=")
    answer = login(sandbox, redirect_uri="https://www.example.com", response_type="token")
    assert answer.headers["Location"].startswith("https://www.example.com/#access_token=")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "shop.example.com/back",
        "ftp://shop.example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://u:p@shop.example.com/",
        "https://shop.example.com/#x",
        " https://shop.example.com/",
        "https://shop.example.com/\r\nSet-Cookie: a=b",
        "https://sh\u00f6p.example.com/",
        "https://shop.example.com/" + "a" * 2_000,
    ],
)
def test_what_cannot_be_an_address_is_not_registered(sandbox: SandboxUnderTest, address: str) -> None:
    before = redirects(sandbox)
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/redirect-addresses", data={"address": address})
    assert answer.status == 400
    assert "address" in answer.json["detail"]
    assert redirects(sandbox) == before


def test_addresses_are_bounded_and_keys_have_to_be_known(sandbox: SandboxUnderTest) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/redirect-addresses"
    given = {"address": "https://shop.example.com/", "apiKey": "unknown"}
    assert sandbox.call("POST", path, data=given).status == 404
    statuses = {
        sandbox.call("POST", path, data={"address": f"https://shop.example.com/{number}"}).status
        for number in range(101)
    }
    assert statuses == {201, 400}
    assert len(redirects(sandbox)) <= 102


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


SECOND = {"username": "two-step@trustpilotdemo.example.com", "password": "second-lock-please"}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (SECOND, 401),
        ({**SECOND, "code": ""}, 401),
        ({**SECOND, "code": "000000"}, 401),
        ({**SECOND, "code": "123456"}, 302),
        ({**SECOND, "code": " 123456 "}, 302),
        ({**SECOND, "decision": "deny"}, 302),
    ],
)
def test_a_user_with_two_step_verification_needs_a_code(
    sandbox: SandboxUnderTest, form: dict[str, str], status: int
) -> None:
    answer = page(sandbox, "POST", form)
    assert answer.status == status
    if status == 401:
        assert "is always 123456" in answer.hint
        assert 'name="code"' in answer.text
        assert f'value="{SECOND["username"]}"' in answer.text
        assert "Location" not in answer.headers
    elif "decision" in form:
        assert "error=access_denied" in answer.headers["Location"]
    else:
        assert exchange(sandbox, code_of(answer)).status == 200


@pytest.mark.parametrize("form", [{**SECOND, "password": "wrong"}, {**SECOND, "code": "123456", "password": "wrong"}])
def test_the_second_step_comes_after_the_password(sandbox: SandboxUnderTest, form: dict[str, str]) -> None:
    answer = page(sandbox, "POST", form)
    assert answer.status == 401
    assert 'name="code"' not in answer.text
    assert "No business user" in answer.hint


def test_a_switch_and_a_variant_take_the_second_step_away(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"login_second_step": "skipped"})
    assert page(sandbox, "POST", SECOND).status == 302
    sandbox.control("PATCH", "/variants", {"login_second_step": "code"})
    sandbox.control("PATCH", "/business-users/5f1d2c3b4a59687706152436", {"twoStep": False})
    assert page(sandbox, "POST", SECOND).status == 302
    sandbox.control("PATCH", f"/business-users/{sandbox['businessUserId']}", {"twoStep": True})
    assert login(sandbox).status == 401
