"""Tokens: requested once for all requests, in any number of copies of the service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from requests.utils import select_proxy
from sqlalchemy import select
from tpmock.destination.config import DestinationSettings
from tpmock.destination.metrics import Metrics
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.storage.connections import Connection, Credentials, Way
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.schema import tokens
from tpmock.destination.storage.vault import Vault
from tpmock.destination.trustpilot.token_endpoint import AccessToken, NoTokenError, TokenEndpoint, _lifetime
from tpmock.destination.trustpilot.tokens import TokenStore
from tpmock.destination.trustpilot.transport import Transport

from tests.destination.conftest import Answer, Clock, StubTrustpilot
from tests.support import dead_proxy

KEYS = Credentials("the-api-key", "the-api-secret")
LOGIN = Credentials("the-api-key", "the-api-secret", Way.AUTHORIZATION_CODE)
SHOP = Connection("c", "unit", "user", KEYS, Preferences(), "holder")


class Mint:
    """Makes tokens; waits until the gate is open, and says when a thread waits there."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.failing: int | None = None
        self.shown: list[str | None] = []

    def fetch(self, credentials: Credentials, refresh_token: str | None = None) -> AccessToken:
        assert credentials is KEYS
        self.entered.set()
        assert self.gate.wait(5)
        self.made += 1
        self.shown.append(refresh_token)
        if self.failing is not None:
            raise NoTokenError(self.failing)
        return AccessToken(f"tpa-{self.made}", 360_000.0, f"tpr-{self.made}")


@pytest.fixture
def mint() -> Mint:
    return Mint()


@pytest.fixture
def store(database: Database, vault: Vault, mint: Mint, clock: Clock) -> TokenStore:
    return TokenStore(database, vault, mint, clock)  # type: ignore[arg-type]


@contextmanager
def copies(url: str, vault: Vault, mint: Mint, clock: Clock, number: int = 2) -> Iterator[list[TokenStore]]:
    """Other copies of the service over the same database."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            database = Database(url)
            stack.callback(database.close)
            made.append(TokenStore(database, vault, mint, clock))  # type: ignore[arg-type]
        yield made


def test_one_token_serves_until_shortly_before_it_expires(store: TokenStore, clock: Clock) -> None:
    assert [store.get(SHOP), store.get(SHOP)] == ["tpa-1", "tpa-1"]
    clock.time += 359_939
    assert store.get(SHOP) == "tpa-1"
    clock.time += 1
    assert store.get(SHOP) == "tpa-2"


def test_many_at_once_make_one_request(store: TokenStore, mint: Mint) -> None:
    mint.gate.clear()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(store.get, SHOP) for _ in range(16)]
        mint.gate.set()
        assert {future.result(5) for future in waiting} == {"tpa-1"}
    assert mint.made == 1


def test_many_with_the_same_stale_token_make_one_request(store: TokenStore, mint: Mint) -> None:
    stale = store.get(SHOP)
    mint.gate.clear()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(store.renew, SHOP, stale) for _ in range(16)]
        mint.gate.set()
        assert {future.result(5) for future in waiting} == {"tpa-2"}
    assert mint.made == 2


def test_a_token_renewed_meanwhile_is_not_renewed_again(store: TokenStore) -> None:
    stale = store.get(SHOP)
    assert [store.renew(SHOP, stale), store.renew(SHOP, stale)] == ["tpa-2", "tpa-2"]


def test_a_failure_is_told_and_not_remembered(store: TokenStore, mint: Mint) -> None:
    mint.failing = 503
    with pytest.raises(NoTokenError):
        store.get(SHOP)
    mint.failing = None
    assert store.get(SHOP) == "tpa-2"


def test_a_restart_and_another_copy_use_the_token_that_is_there(
    store: TokenStore, database_url: str, vault: Vault, mint: Mint, clock: Clock
) -> None:
    store.get(SHOP)
    with copies(database_url, vault, mint, clock) as others:
        assert [other.get(SHOP) for other in others] == ["tpa-1", "tpa-1"]


def test_copies_with_the_same_stale_token_make_one_request(
    store: TokenStore, database_url: str, vault: Vault, mint: Mint, clock: Clock
) -> None:
    stale = store.get(SHOP)
    with copies(database_url, vault, mint, clock, 3) as others, ThreadPoolExecutor(12) as pool:
        for other in others:
            other.get(SHOP)
        mint.gate.clear()
        mint.entered.clear()
        waiting = [pool.submit(other.renew, SHOP, stale) for other in others * 4]
        assert mint.entered.wait(5)
        mint.gate.set()
        assert {future.result(5) for future in waiting} == {"tpa-2"}
    assert mint.made == 2


def test_copies_that_wait_for_a_failure_fail_with_it(
    store: TokenStore, database_url: str, vault: Vault, mint: Mint, clock: Clock
) -> None:
    mint.gate.clear()
    mint.failing = 429
    with copies(database_url, vault, mint, clock, 1) as [other], ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.get, SHOP)
        assert mint.entered.wait(5)
        asked = threading.Event()
        read = other._read

        def reading(connection: Connection) -> object:
            row = read(connection)
            if row is not None and row.lease is not None:
                asked.set()
            return row

        other._read = reading  # type: ignore[method-assign]
        second = pool.submit(other.get, SHOP)
        assert asked.wait(5)
        mint.gate.set()
        for future in (first, second):
            with pytest.raises(NoTokenError) as caught:
                future.result(5)
            assert caught.value.status == 429
    assert mint.made == 1


def test_a_copy_that_died_over_it_does_not_stop_the_others(
    store: TokenStore, database_url: str, vault: Vault, mint: Mint, clock: Clock
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> AccessToken:
        raise Killed

    with copies(database_url, vault, mint, clock, 1) as [other]:
        other._token_endpoint = type("Desk", (), {"fetch": die})()
        with pytest.raises(Killed):
            other.get(SHOP)
    clock.time += 61
    assert store.get(SHOP) == "tpa-1"


def test_each_refresh_token_is_used_once(
    store: TokenStore, database_url: str, vault: Vault, mint: Mint, clock: Clock
) -> None:
    with copies(database_url, vault, mint, clock) as others:
        for each in (store, *others, store):
            each.get(SHOP)
            clock.time += 360_000
    assert mint.shown == [None, "tpr-1", "tpr-2", "tpr-3"]


def test_a_token_of_a_login_is_kept_and_can_be_given_up(store: TokenStore, database: Database) -> None:
    store.get(SHOP)
    store.keep(SHOP, AccessToken("tpa-login", 360_000.0, "tpr-login"))
    assert (store.get(SHOP), store.refresh_token(SHOP)) == ("tpa-login", "tpr-login")
    with database.reading() as connection:
        row = connection.execute(select(tokens)).one()
    assert "tpa" not in str(row)
    assert "tpr" not in str(row)


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


@pytest.fixture
def desk(settings: DestinationSettings) -> Iterator[TokenEndpoint]:
    transport = Transport(settings, Metrics())
    yield TokenEndpoint(settings, transport)
    transport.session.close()


def test_the_request_is_the_documented_one(desk: TokenEndpoint, trustpilot: StubTrustpilot) -> None:
    assert desk.fetch(KEYS) == AccessToken("tpa-1", 359_999)
    [call] = trustpilot.token_calls
    assert call.path == "/v1/oauth/oauth-business-users-for-applications/accesstoken"
    assert call.body == b"grant_type=client_credentials"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.headers["Authorization"] == "Basic dGhlLWFwaS1rZXk6dGhlLWFwaS1zZWNyZXQ="


@pytest.mark.parametrize(
    ("api", "proxied"),
    [
        ("https://api.trustpilot.com", True),
        ("http://127.0.0.1:8080", False),
        ("http://api.trustpilot.localhost", False),
    ],
)
def test_a_proxy_of_the_environment_is_for_the_real_trustpilot(
    settings: DestinationSettings, monkeypatch: pytest.MonkeyPatch, api: str, *, proxied: bool
) -> None:
    dead_proxy.use(monkeypatch)
    transport = Transport(replace(settings, api_url=api, invitations_api_url=api), Metrics())
    transport.session.close()
    assert (select_proxy(f"{api}/v1/x", transport.session.proxies) is not None) == proxied


def test_a_refresh_is_the_documented_one(desk: TokenEndpoint, trustpilot: StubTrustpilot) -> None:
    trustpilot.token_script = [Answer(200, b'{"access_token": "a", "refresh_token": "b", "expires_in": "60"}')]
    assert desk.fetch(LOGIN, "tpr-1") == AccessToken("a", 60, "b")
    [call] = trustpilot.token_calls
    assert call.path == "/v1/oauth/oauth-business-users-for-applications/refresh"
    assert call.body == b"grant_type=refresh_token&refresh_token=tpr-1"


def test_without_a_refresh_token_a_login_is_needed(desk: TokenEndpoint, trustpilot: StubTrustpilot) -> None:
    with pytest.raises(NoTokenError) as caught:
        desk.fetch(LOGIN)
    assert (caught.value.status, trustpilot.token_calls) == (401, [])


@pytest.mark.parametrize(("credentials", "calls"), [(KEYS, 2), (LOGIN, 1)])
def test_a_refused_refresh_token_is_no_end_where_keys_will_do(
    desk: TokenEndpoint, trustpilot: StubTrustpilot, credentials: Credentials, calls: int
) -> None:
    trustpilot.token_script = [Answer(401)]
    if credentials is KEYS:
        assert desk.fetch(credentials, "tpr-1").value == "tpa-2"
    else:
        with pytest.raises(NoTokenError):
            desk.fetch(credentials, "tpr-1")
    assert len(trustpilot.token_calls) == calls


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
    desk: TokenEndpoint, trustpilot: StubTrustpilot, answer: Answer, status: int | None
) -> None:
    trustpilot.token_script = [answer]
    with pytest.raises(NoTokenError) as caught:
        desk.fetch(KEYS)
    assert caught.value.status == status


def test_a_token_does_not_show_itself() -> None:
    assert "tp" not in repr(AccessToken("tpa-secret", 1.0, "tpr-secret"))
