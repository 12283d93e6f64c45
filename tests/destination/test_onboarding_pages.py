"""Connecting a shop by the pages, over HTTP against the mock."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tpmock.destination.rules.messages import Refusal, say
from tpmock.destination.service import onboarding as onboarding_service
from tpmock.destination.service.key_guesses import FREE
from tpmock.destination.trustpilot.partner import BusinessUnit, Partner
from tpmock.destination.web.pages import COOKIE

from tests.destination.conftest import order_completed
from tests.destination.mocked import MockUnderTest, mocked
from tests.destination.onboarding import Browser, Desk, hidden_token, onboarding, shown_key, told

MARKUP = """<script>alert("1")</script>'"&<b>"""


@pytest.fixture(scope="module")
def shared_mock() -> Iterator[MockUnderTest]:
    with mocked() as made:
        yield made


@pytest.fixture
def mock(shared_mock: MockUnderTest) -> MockUnderTest:
    """A sandbox as new."""
    shared_mock.sandbox.control("POST", "/reset", {})
    return shared_mock


@pytest.fixture
def desk(mock: MockUnderTest, tmp_path: Path) -> Iterator[Desk]:
    with onboarding(mock, f"sqlite:///{tmp_path}/destination.db") as made:
        yield made


@pytest.fixture
def browser(desk: Desk) -> Browser:
    return Browser(desk)


def test_a_shop_is_connected_and_disconnected_by_clicks(desk: Desk, browser: Browser) -> None:
    key = browser.connect()
    assert desk.connections() == [desk.mock.sandbox["domain"]]
    assert desk.send("POST", "/", json=order_completed("81"), auth=(key, "")).status_code == 200
    assert desk.mock.invited() == ["81"]
    page = browser.send("/connect/disconnect", key=f" {key} ")
    assert (page.status_code, told(page)) == (200, say("disconnected").message)
    assert desk.connections() == []
    assert desk.mock.calls("revokeToken") == 1


def test_the_key_is_shown_once(desk: Desk, browser: Browser) -> None:
    back = browser.log_in(browser.begin())
    assert shown_key(browser.open(back))
    again = browser.open(back)
    assert (again.status_code, told(again)) == (400, say("foreign-state").message)
    assert 'id="key"' not in again.text


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("free.example.com", "not-eligible"),
        ("switched-off.example.com", "not-eligible"),
        ("foreign.example.com", "not-ours"),
        ("nobody.test", "unknown-domain"),
        ("no domain", "bad-domain"),
    ],
)
def test_a_shop_that_may_not_is_told_why_above_the_form(browser: Browser, domain: str, name: str) -> None:
    page, reply = browser.send("/connect", domain=domain), say(name, domain=domain)
    assert (page.status_code, told(page)) == (reply.status, reply.message)
    assert f'value="{domain}"' in page.text
    assert hidden_token(page)


def test_a_refused_login_is_reported(browser: Browser) -> None:
    page = browser.open(browser.log_in(browser.begin(), decision="deny"))
    assert (page.status_code, told(page)) == (403, say("login-refused").message)


def test_an_expired_code_is_reported(desk: Desk, browser: Browser) -> None:
    back = browser.log_in(browser.begin())
    desk.mock.sandbox.advance("11m")
    page = browser.open(back)
    assert (page.status_code, told(page)) == (400, say("code-refused", status=400).message)


def test_a_failing_exchange_is_reported(desk: Desk, browser: Browser) -> None:
    back = browser.log_in(browser.begin())
    desk.mock.sandbox.control("POST", "/faults", {"operation": "createAccessToken", "status": 500, "count": 1})
    page = browser.open(back)
    assert (page.status_code, told(page)) == (503, say("code-later").message)
    assert desk.connections() == []


def test_a_login_is_bound_to_the_browser_that_began_it(desk: Desk, browser: Browser) -> None:
    back = browser.log_in(browser.begin())
    other = Browser(desk)
    assert told(other.open(back)) == say("foreign-state").message
    other.open("/connect")
    assert told(other.open(back)) == say("foreign-state").message
    # A caller that tries another one's state does not use it up.
    assert browser.open(back).status_code == 201


def test_a_cookie_that_we_did_not_sign_is_none(desk: Desk, browser: Browser) -> None:
    back = browser.log_in(browser.begin())
    session, _, signature = browser.session.cookies[COOKIE].partition(".")
    wrong = ("B" if signature[0] == "A" else "A") + signature[1:]
    for forged in (f"{session}.", session, f"{session}.{wrong}", f"other.{signature}", "."):
        browser.session.cookies.clear()
        browser.session.headers["Cookie"] = f"{COOKIE}={forged}"
        assert told(browser.open(back)) == say("foreign-state").message
    assert desk.connections() == []


@pytest.mark.parametrize("path", ["/connect", "/connect/disconnect"])
@pytest.mark.parametrize("token", ["", "forged", "\u00fc"])
def test_a_form_from_elsewhere_does_nothing(desk: Desk, browser: Browser, path: str, token: str) -> None:
    fields = {"domain": desk.mock.sandbox["domain"], "key": "any"}
    page = browser.send(path, **fields, token=token)
    assert (page.status_code, told(page)) == (400, say("bad-form").message)
    # Another session's token, though it is one of ours.
    page = browser.send(path, **fields, token=hidden_token(Browser(desk).open(path)))
    assert page.status_code == 400
    # And one without a cookie.
    stranger = Browser(desk)
    stray = stranger.session.post(
        desk.url + path, data={**fields, "token": hidden_token(browser.open(path))}, timeout=9
    )
    assert stray.status_code == 400
    assert desk.mock.calls("findBusinessUnit") == 0


def test_pages_take_nothing_from_outside_and_stand_in_no_frame(desk: Desk, browser: Browser) -> None:
    back = browser.log_in(browser.begin())
    pages = [browser.open(path) for path in ("/connect", "/connect/disconnect", back, back, "/connect/style.css")]
    for page in pages:
        policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert (policy["form-action"], policy["style-src"]) == ("'self'", "'self'")
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"<script|\son\w+=|style=|https?://", page.text), page.text
    for page in pages[:4]:
        assert "Unofficial" in page.text


def test_the_cookie_is_out_of_reach(mock: MockUnderTest, tmp_path: Path, browser: Browser) -> None:
    given = browser.open("/connect").headers["Set-Cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    redirect = "https://destination.example.com/oauth/callback"
    with onboarding(mock, f"{tmp_path}/other.db", OAUTH_REDIRECT_URI=redirect) as desk:
        given = desk.send("GET", "/connect").headers["Set-Cookie"]
        assert given.startswith("__Host-")
        assert "; Secure" in given
        assert "; Path=/;" in f"{given};"
        assert "Domain" not in given


def test_names_with_markup_are_shown_as_text(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    found = BusinessUnit(desk.mock.sandbox["businessUnitId"], MARKUP)
    monkeypatch.setattr(Partner, "find", lambda *_: found)
    page = browser.send("/connect", domain=desk.mock.sandbox["domain"])
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&#39;&#34;&amp;&lt;b&gt;" in page.text
    page = browser.send("/connect", domain=MARKUP)
    assert "<script" not in page.text
    assert "<b>" not in page.text


def test_what_is_sent_back_is_not_repeated(browser: Browser) -> None:
    page = browser.open(f"/callback?state={MARKUP}&code={MARKUP}&error={MARKUP}&error_description={MARKUP}")
    assert page.status_code == 400
    assert "alert(" not in page.text


def test_a_form_that_is_too_long_is_refused(desk: Desk, browser: Browser) -> None:
    page = browser.send("/connect", domain="x" * 2_000_000)
    assert (page.status_code, told(page)) == (413, "Request Entity Too Large.")


def test_a_browser_cannot_have_keys_made_without_end(desk: Desk, browser: Browser) -> None:
    for _ in range(5):
        browser.begin()
    page = browser.send("/connect", domain=desk.mock.sandbox["domain"])
    assert (page.status_code, told(page)) == (429, say("too-many-logins").message)
    # Another browser is not concerned.
    assert Browser(desk).begin()


def test_nor_can_an_address_that_forgets_its_cookies(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onboarding_service, "MOST_LOGINS_OF_AN_ADDRESS", 2)
    for _ in range(2):
        Browser(desk).begin()
    page = browser.send("/connect", domain=desk.mock.sandbox["domain"])
    assert (page.status_code, told(page)) == (429, say("too-many-logins").message)
    # Another address is not concerned, nor is the operator's front end.
    assert desk.destination.onboarding.begin(desk.mock.sandbox["domain"], "browser 2", "192.0.2.1")
    assert desk.act("connect", {"domain": desk.mock.sandbox["domain"]}).status_code == 200


def test_logins_that_begin_at_the_same_time_are_counted_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    domain, both = desk.mock.sandbox["domain"], threading.Barrier(2)
    monkeypatch.setattr(onboarding_service, "MOST_LOGINS_OF_AN_ADDRESS", 1)
    find = desk.destination.onboarding.partner.find

    def finding(domain: str) -> BusinessUnit:
        # The second is refused before it comes here.
        both.wait(20)
        return find(domain)

    monkeypatch.setattr(desk.destination.onboarding.partner, "find", finding)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.destination.onboarding.begin, domain, "browser 1", "192.0.2.1")
        while not desk.destination.onboarding._begun:
            assert not first.done()
        with pytest.raises(Refusal):
            desk.destination.onboarding.begin(domain, "browser 2", "192.0.2.1")
        both.wait(20)
        assert first.result().domain == domain
    assert desk.destination.onboarding._begun == []


def test_nor_can_all_addresses_together(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onboarding_service, "MOST_LOGINS", 2)
    for _ in range(2):
        Browser(desk).begin()
    page = browser.send("/connect", domain=desk.mock.sandbox["domain"])
    assert page.status_code == 429


def test_keys_cannot_be_guessed_by_the_page_that_disconnects(desk: Desk, browser: Browser) -> None:
    statuses = [browser.send("/connect/disconnect", key=f"guess {number}") for number in range(FREE + 1)]
    assert {page.status_code for page in statuses[:-1]} == {401}
    assert statuses[-1].status_code == 429
    assert statuses[-1].headers["Retry-After"] == "1"
    assert "Try again in 1 s" in told(statuses[-1])
