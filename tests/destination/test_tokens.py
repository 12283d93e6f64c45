from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.destination.config import Settings
from contracts.destination.tokens import NoTokenError, Token, TokenDesk, TokenStore, _lifetime
from contracts.destination.trustpilot import new_session
from tests.destination.conftest import Answer, StubTrustpilot


class Mint:
    """Makes tokens; waits in the making until ``crowd`` callers have had the time to come."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = threading.Event()
        self.gate.set()
        self.failing = False

    def __call__(self) -> Token:
        self.gate.wait(5)
        self.made += 1
        if self.failing:
            raise NoTokenError(503)
        return Token(f"tpa-{self.made}", 360_000.0)


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_one_token_serves_until_shortly_before_it_expires() -> None:
    mint, clock = Mint(), Clock()
    store = TokenStore(mint, clock)
    assert [store.get(), store.get()] == ["tpa-1", "tpa-1"]
    clock.time = 359_939
    assert store.get() == "tpa-1"
    clock.time = 359_940
    assert store.get() == "tpa-2"


def test_many_at_once_make_one_request() -> None:
    mint = Mint()
    mint.gate.clear()
    store = TokenStore(mint, Clock())
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(store.get) for _ in range(16)]
        mint.gate.set()
        assert {future.result(5) for future in waiting} == {"tpa-1"}
    assert mint.made == 1


def test_many_with_the_same_stale_token_make_one_request() -> None:
    mint = Mint()
    store = TokenStore(mint, Clock())
    stale = store.get()
    mint.gate.clear()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(store.renew, stale) for _ in range(16)]
        mint.gate.set()
        assert {future.result(5) for future in waiting} == {"tpa-2"}
    assert mint.made == 2


def test_a_token_renewed_meanwhile_is_not_renewed_again() -> None:
    mint = Mint()
    store = TokenStore(mint, Clock())
    stale = store.get()
    assert [store.renew(stale), store.renew(stale)] == ["tpa-2", "tpa-2"]


def test_a_failure_is_told_and_not_remembered() -> None:
    mint = Mint()
    store = TokenStore(mint, Clock())
    mint.failing = True
    with pytest.raises(NoTokenError):
        store.get()
    mint.failing = False
    assert store.get() == "tpa-2"


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        ("359999", 359_999),
        (3600, 3600),
        ("60", 60),
        (None, 360_000),
        ("soon", 360_000),
        ("-1", 360_000),
        ("nan", 360_000),
    ],
)
def test_the_lifetime_is_read_from_a_string(expires_in: object, seconds: float) -> None:
    assert _lifetime(expires_in) == seconds


def test_the_request_is_the_documented_one(settings: Settings, trustpilot: StubTrustpilot) -> None:
    with new_session() as session:
        assert TokenDesk(settings, session).fetch() == Token("tpa-1", 359_999)
    [call] = trustpilot.token_calls
    assert call.path == "/v1/oauth/oauth-business-users-for-applications/accesstoken"
    assert call.body == b"grant_type=client_credentials"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.headers["Authorization"] == "Basic dGhlLWFwaS1rZXk6dGhlLWFwaS1zZWNyZXQ="


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(401, b'{"ErrorCode":"invalid_client"}'), 401),
        (Answer(520), 520),
        (Answer(302, headers={"Location": "https://example.com/"}), 302),
        (Answer(200, b"<html>"), None),
        (Answer(200, b"[]"), None),
        (Answer(200, b'{"access_token": 5}'), None),
        (Answer(200, b'{"access_token": "a\\nb"}'), None),
        (Answer(cut=True), None),
    ],
)
def test_an_answer_without_a_token_is_no_token(
    settings: Settings, trustpilot: StubTrustpilot, answer: Answer, status: int | None
) -> None:
    trustpilot.token_script = [answer]
    with new_session() as session, pytest.raises(NoTokenError) as caught:
        TokenDesk(settings, session).fetch()
    assert caught.value.status == status


def test_a_token_does_not_show_itself() -> None:
    assert "tpa" not in repr(Token("tpa-secret", 1.0))
