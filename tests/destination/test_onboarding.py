"""Connecting a shop by the API, over HTTP against the mock: the whole way, and every way it can fail."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from tpmock.destination.rules.messages import say
from tpmock.destination.storage.logins import LIFE

from tests.destination.conftest import order_completed
from tests.destination.mocked import MockUnderTest, mocked
from tests.destination.onboarding import Browser, Desk, onboarding, query

PARTNER_STEPS = ["createAccessToken", "findBusinessUnit", "checkPartnerEligibility", "createPartnerCustomerKey"]


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


def begin(desk: Desk, domain: str = "") -> str:
    """Where the login is."""
    answer = desk.act("connect", {"domain": domain or desk.mock.sandbox["domain"]})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["login"])


def come_back(desk: Desk) -> dict[str, str]:
    """What Trustpilot sends a customer back with."""
    return query(Browser(desk).log_in(begin(desk)))


def refused(answer: requests.Response, name: str, **places: object) -> bool:
    """Whether the answer is exactly that message."""
    reply = say(name, **places)
    assert (answer.status_code, answer.json()) == (reply.status, {"message": reply.message})
    return True


def journal(mock: MockUnderTest) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = mock.sandbox.control("GET", "/journal?limit=1000")["journal"]
    return entries


def test_an_order_of_a_connected_shop_makes_one_invitation_with_the_partners_id(desk: Desk) -> None:
    answer = desk.act("authorize", come_back(desk))
    assert answer.status_code == 201, answer.text
    key, domain = answer.json()["integrationKey"], desk.mock.sandbox["domain"]
    assert desk.connections() == [domain]
    desk.mock.sandbox.control("PATCH", "/variants", {"partner_header": "required"})
    for _ in range(2):
        assert desk.send("POST", "/", json=order_completed("77"), auth=(key, "")).status_code == 200
    assert desk.mock.invited() == ["77"]
    sent = [entry for entry in journal(desk.mock) if entry["operation"] == "createEmailInvitations"]
    assert len(sent) == 1
    assert desk.mock.sandbox["partnerId"] in str(sent[0])


def test_the_steps_are_made_in_their_order(desk: Desk) -> None:
    begin(desk)
    made = sorted(PARTNER_STEPS[:2]) + PARTNER_STEPS[2:]
    operations = [str(entry["operation"]) for entry in journal(desk.mock)]
    assert sorted(operations) == sorted(made)
    # A token is wanted no sooner than for the check.
    assert [name for name in operations if name != "createAccessToken"] == [
        name for name in PARTNER_STEPS if name != "createAccessToken"
    ]


def test_the_login_is_asked_for_as_documented(desk: Desk) -> None:
    told = query(begin(desk))
    assert set(told) == {"client_id", "redirect_uri", "response_type", "state"}
    assert (told["response_type"], told["redirect_uri"]) == ("code", f"{desk.url}/callback")
    assert len(told["state"]) >= 43


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("free.example.com", "not-eligible"),
        ("switched-off.example.com", "not-eligible"),
        ("foreign.example.com", "not-ours"),
        ("nobody.test", "unknown-domain"),
    ],
)
def test_a_shop_that_may_not_is_told_why_and_gets_no_keys(desk: Desk, domain: str, name: str) -> None:
    assert refused(desk.act("connect", {"domain": domain}), name, domain=domain)
    assert desk.mock.calls("createPartnerCustomerKey") == 0


def test_the_message_names_what_is_missing_and_where() -> None:
    text = say("not-eligible", domain="shop.example.com").message
    assert "paid Trustpilot plan" in text
    assert "https://businessapp.b2b.trustpilot.com/account/permissions" in text


@pytest.mark.parametrize(
    "domain", ["", "  ", "localhost", "a b.com", "http://", "x" * 3000, "1.2.3.4", "a..b", "http://["]
)
def test_what_is_no_domain_is_not_asked_for(desk: Desk, domain: str) -> None:
    assert refused(desk.act("connect", {"domain": domain}), "bad-domain")
    assert journal(desk.mock) == []


@pytest.mark.parametrize("wrapped", ["https://{}/shop?x=1", " {}. ", "HTTPS://{}", "{}:443/"])
def test_a_pasted_address_is_a_domain_too(desk: Desk, wrapped: str) -> None:
    assert begin(desk, wrapped.format(desk.mock.sandbox["domain"]))


@pytest.mark.parametrize("body", [{}, {"domain": 7}, [], "text"])
def test_a_body_without_a_domain_is_refused(desk: Desk, body: object) -> None:
    assert refused(desk.act("connect", body), "bad-action", field="domain")


def test_a_state_is_good_once(desk: Desk) -> None:
    back = come_back(desk)
    assert desk.act("authorize", back).status_code == 201
    assert refused(desk.act("authorize", back), "foreign-state")
    assert len(desk.connections()) == 1


def test_of_two_that_come_back_at_once_one_is_connected(desk: Desk) -> None:
    back = come_back(desk)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.act("authorize", back).status_code, range(8)))
    assert sorted(answers) == [201] + [400] * 7
    assert len(desk.connections()) == 1


def test_a_state_that_nobody_gave_out_is_exchanged_for_nothing(desk: Desk) -> None:
    back = come_back(desk)
    before = desk.mock.calls("createAccessToken")
    assert refused(desk.act("authorize", {**back, "state": "somebody-elses"}), "foreign-state")
    assert desk.mock.calls("createAccessToken") == before


def test_a_state_expires(desk: Desk) -> None:
    back, logins = come_back(desk), desk.destination.onboarding.logins
    now = logins._now
    logins._now = lambda: now() + LIFE + 1
    assert refused(desk.act("authorize", back), "foreign-state")


def test_a_browsers_login_is_not_the_apis(desk: Desk) -> None:
    browser = Browser(desk)
    back = browser.log_in(browser.begin())
    assert refused(desk.act("authorize", query(back)), "foreign-state")
    assert browser.open(back).status_code == 201


def test_a_refused_login_is_reported(desk: Desk) -> None:
    back = query(Browser(desk).log_in(begin(desk), decision="deny"))
    assert back["error"] == "access_denied"
    assert refused(desk.act("authorize", back), "login-refused")


def test_another_error_of_the_login_is_reported(desk: Desk) -> None:
    state = query(begin(desk))["state"]
    assert refused(desk.act("authorize", {"state": state, "error": "server_error"}), "login-failed")


def test_a_code_that_is_invented_or_has_expired_connects_nobody(desk: Desk) -> None:
    back = come_back(desk)
    assert refused(desk.act("authorize", {**back, "code": "invented"}), "code-refused", status=400)
    back = come_back(desk)
    desk.mock.sandbox.advance("11m")
    assert refused(desk.act("authorize", back), "code-refused", status=400)
    assert desk.connections() == []


def test_a_code_for_another_address_connects_nobody(desk: Desk) -> None:
    login = begin(desk)
    moved = f"{desk.mock.url}/?" + urlencode({**query(login), "redirect_uri": "http://127.0.0.1:9/callback"})
    back = query(Browser(desk).log_in(moved))
    assert refused(desk.act("authorize", back), "code-refused", status=400)


def test_a_failing_token_endpoint_is_for_later(desk: Desk) -> None:
    back = come_back(desk)
    desk.mock.sandbox.control("POST", "/faults", {"operation": "createAccessToken", "status": 503, "count": 1})
    assert refused(desk.act("authorize", back), "code-later")
    assert desk.connections() == []


@pytest.mark.parametrize("operation", PARTNER_STEPS)
def test_a_failing_step_is_for_later(desk: Desk, operation: str) -> None:
    desk.mock.sandbox.control("POST", "/faults", {"operation": operation, "status": 500, "count": 1})
    assert refused(desk.act("connect", {"domain": desk.mock.sandbox["domain"]}), "partner-later")


def test_an_unregistered_address_gets_no_login_form(mock: MockUnderTest, tmp_path: Path) -> None:
    redirect = "https://elsewhere.example.com/callback"
    with onboarding(mock, f"{tmp_path}/destination.db", OAUTH_REDIRECT_URI=redirect) as desk:
        login = begin(desk)
        answer = Browser(desk).open(login)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("TRUSTPILOT_PARTNER_PASSWORD", "wrong", 400),
        ("TRUSTPILOT_PARTNER_API_SECRET", "wrong", 401),
        ("TRUSTPILOT_PARTNER_API_KEY", "wrong", 401),
    ],
)
def test_wrong_partner_credentials_are_the_operators_business(
    mock: MockUnderTest, tmp_path: Path, variable: str, value: str, status: int
) -> None:
    with onboarding(mock, f"{tmp_path}/destination.db", **{variable: value}) as desk:
        assert refused(desk.act("connect", {"domain": mock.sandbox["domain"]}), "partner-refused", status=status)


def test_the_partners_token_is_used_again_and_renewed(desk: Desk) -> None:
    begin(desk)
    begin(desk)
    assert desk.mock.calls("createAccessToken") == 1
    desk.mock.sandbox.advance("101h")
    begin(desk)
    assert desk.mock.calls("createAccessToken") == 2


@pytest.mark.parametrize(
    "variable",
    [
        "TRUSTPILOT_PARTNER_ID",
        "TRUSTPILOT_PARTNER_API_KEY",
        "TRUSTPILOT_PARTNER_API_SECRET",
        "TRUSTPILOT_PARTNER_USERNAME",
        "TRUSTPILOT_PARTNER_PASSWORD",
        "OAUTH_REDIRECT_URI",
        "ENCRYPTION_KEYS",
    ],
)
def test_without_all_that_is_needed_it_says_what_is_missing(mock: MockUnderTest, tmp_path: Path, variable: str) -> None:
    with onboarding(mock, f"{tmp_path}/destination.db", **{variable: ""}) as desk:
        assert refused(desk.act("connect", {"domain": "example.com"}), "onboarding-off", missing=variable)
        assert desk.send("GET", "/connect").status_code == 503


def test_disconnecting_removes_and_revokes(desk: Desk) -> None:
    key = desk.act("authorize", come_back(desk)).json()["integrationKey"]
    assert refused(desk.act("disconnect", key=key), "disconnected")
    assert desk.connections() == []
    assert desk.mock.calls("revokeToken") == 1
    assert desk.send("POST", "/", json=order_completed("78"), auth=(key, "")).status_code == 401
    assert refused(desk.act("disconnect", key=key), "wrong-key")


def test_disconnecting_does_not_wait_for_trustpilots_blessing(desk: Desk) -> None:
    key = desk.act("authorize", come_back(desk)).json()["integrationKey"]
    desk.mock.sandbox.control("POST", "/faults", {"operation": "revokeToken", "status": 500, "count": 1})
    assert refused(desk.act("disconnect", key=key), "disconnected-here")
    assert desk.connections() == []


def test_the_operators_own_connection_stays(desk: Desk) -> None:
    assert refused(desk.act("disconnect"), "not-stored")


def test_a_customers_key_connects_nobody_else(desk: Desk) -> None:
    key = desk.act("authorize", come_back(desk)).json()["integrationKey"]
    assert refused(desk.act("connect", {"domain": "example.com"}, key=key), "not-the-operator")
    assert desk.act("connect", {"domain": "example.com"}, key="nobodys").status_code == 401


def test_no_secret_is_answered_logged_or_stored_as_it_is(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        login = begin(desk)
        back = query(Browser(desk).log_in(login))
        answer = desk.act("authorize", back)
    made = answer.json()["integrationKey"]
    known = desk.mock.sandbox
    connection = desk.destination.admit(made)
    tokens = desk.destination.trustpilot._tokens
    refresh = tokens.refresh_token(connection)
    assert refresh
    secret = [
        connection.credentials.api_secret,
        refresh,
        tokens.get(connection),
        known["partnerApiSecret"],
        back["code"],
    ]
    logged = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("tpmock."))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("latin-1")
    for value in secret:
        assert value not in login + answer.text
    for value in (*secret, made, back["state"], known["partnerPassword"]):
        assert value not in logged
        assert value not in stored
