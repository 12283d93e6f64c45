"""Access tokens: one for all orders, asked for as seldom as possible.

Trustpilot's authentication page asks clients to reuse a token until it expires, and answers 429 to those who do not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus

import requests

from contracts.destination.config import Settings

DOCUMENTED_LIFETIME = 360_000.0
"""Seconds; Trustpilot's authentication page: an access token lives 100 hours."""

_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
_MARGIN = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. ``lifetime`` is in seconds, counted from when it was asked for."""

    value: str
    lifetime: float

    def __repr__(self) -> str:
        """Without the value, which is a secret."""
        return f"Token(lifetime={self.lifetime})"


class NoTokenError(Exception):
    """Trustpilot gave no token; ``status`` is its answer, None when there was none that could be used."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"no access token (status {status})")
        self.status = status


class TokenDesk:
    """Asks Trustpilot for tokens: grant ``client_credentials`` (Trustpilot, authentication; seed 001 shows the same
    call)."""

    def __init__(self, settings: Settings, session: requests.Session) -> None:
        self._session = session
        self._url = settings.api_url + _PATH
        self._credentials = (settings.api_key, settings.api_secret)
        self._headers = partner_headers(settings)
        self._timeout = settings.timeout

    def fetch(self) -> Token:
        """One new token.

        :raises NoTokenError: with Trustpilot's status, or None when it cannot be reached or answers something else
            than a token.
        """
        try:
            answer = self._session.post(
                self._url,
                auth=self._credentials,
                headers=self._headers,
                data={"grant_type": "client_credentials"},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise NoTokenError(None) from problem
        if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise NoTokenError(answer.status_code)
        try:
            body = answer.json()
        except (ValueError, RecursionError):
            body = None
        value = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
            raise NoTokenError(None)
        return Token(value, _lifetime(body.get("expires_in")))


class TokenStore:
    """The one token in use.

    :param fetch: asks for a new token; called by one thread at a time.
    :param now: seconds that never run backwards.
    """

    def __init__(self, fetch: Callable[[], Token], now: Callable[[], float]) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._good_until = 0.0
        self._flight: Future[Token] | None = None

    def get(self) -> str:
        """A token that is good for a while yet. Any number of simultaneous callers make one request.

        :raises NoTokenError: to all of them, when that request fails.
        """
        with self._lock:
            if self._token is not None and self._now() < self._good_until:
                return self._token.value
            flight = self._flight
            mine = flight is None
            if flight is None:
                flight = self._flight = Future()
        if mine:
            return self._fly(flight)
        return flight.result().value

    def renew(self, stale: str) -> str:
        """A token other than the one that Trustpilot has just refused.

        Of many callers with the same stale token one makes a request; the others get its result.

        :raises NoTokenError: to all of them, when that request fails.
        """
        with self._lock:
            if self._token is not None and self._token.value == stale:
                self._token = None
        return self.get()

    def _fly(self, flight: Future[Token]) -> str:
        asked = self._now()
        try:
            token = self._fetch()
        except BaseException as problem:
            with self._lock:
                self._flight = None
            flight.set_exception(problem)
            raise
        with self._lock:
            self._flight = None
            self._token = token
            # Counted from our own clock: ``issued_at`` is another machine's, and its unit differs between sources.
            self._good_until = asked + token.lifetime - min(_MARGIN, token.lifetime / 10)
        flight.set_result(token)
        return token.value


def partner_headers(settings: Settings) -> dict[str, str]:
    """The partner's id, which Trustpilot wants on every call made with a customer's keys or token (seed 003, step
    6)."""
    return {} if settings.partner_id is None else {settings.partner_header: settings.partner_id}


def _lifetime(expires_in: object) -> float:
    """Seconds of life. Trustpilot sends them as a string; a value nobody can read is taken as the documented 100 hours.

    That is safe: a token that dies earlier is refused with 401 and replaced.
    """
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return DOCUMENTED_LIFETIME
    return seconds if 0 < seconds <= DOCUMENTED_LIFETIME else DOCUMENTED_LIFETIME
