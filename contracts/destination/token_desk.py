"""Asks Trustpilot for access tokens (Trustpilot, authentication)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeGuard

import requests

from contracts.destination.config import Settings
from contracts.destination.connections import Credentials, Way
from contracts.destination.metrics import Metrics
from contracts.destination.replies import is_success

DOCUMENTED_LIFETIME = 360_000.0
"""Seconds; Trustpilot's authentication page: an access token lives 100 hours."""

HOME = "/v1/oauth/oauth-business-users-for-applications"
"""Where tokens are given and ended."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. ``lifetime`` is in seconds, counted from when it was asked for.

    :param refresh: what the next one can be had with, once.
    """

    value: str
    lifetime: float
    refresh: str | None = None

    def __repr__(self) -> str:
        """Without the values, which are secrets."""
        return f"Token(lifetime={self.lifetime})"


class NoTokenError(Exception):
    """Trustpilot gave no token; ``status`` is its answer, None when there was none that could be used."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"no access token (status {status})")
        self.status = status


class TokenDesk:
    """The token endpoint.

    :param session: shared by all threads.
    """

    def __init__(self, settings: Settings, session: requests.Session, metrics: Metrics) -> None:
        self._session = session
        self._url = settings.api_url + HOME
        self._headers = partner_headers(settings)
        self._timeout = settings.timeout
        self._metrics = metrics

    def fetch(self, credentials: Credentials, refresh_token: str | None = None) -> Token:
        """One new token: by the refresh token when there is one, else by client credentials (seed 001 shows that call).

        A refresh token that is refused is no end where key and secret alone give tokens too.

        :raises NoTokenError: with Trustpilot's status; 401 when only the customer's login could give a token.
        """
        by_keys = credentials.way is Way.CLIENT_CREDENTIALS
        if refresh_token is not None:
            try:
                return self.ask(
                    credentials, {"grant_type": "refresh_token", "refresh_token": refresh_token}, "/refresh"
                )
            except NoTokenError as problem:
                if not by_keys or problem.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
                    raise
        if not by_keys:
            raise NoTokenError(HTTPStatus.UNAUTHORIZED)
        return self.ask(credentials, {"grant_type": "client_credentials"})

    def ask(self, credentials: Credentials, form: Mapping[str, str], path: str = "/accesstoken") -> Token:
        """One request of any grant.

        :raises NoTokenError: with Trustpilot's status, or None when it cannot be reached or answers something else
            than a token.
        """
        with self._metrics.calling("token") as call:
            try:
                answer = self._session.post(
                    self._url + path,
                    auth=(credentials.api_key, credentials.api_secret),
                    headers=self._headers,
                    data=dict(form),
                    timeout=self._timeout,
                    allow_redirects=False,
                )
            except requests.RequestException as problem:
                raise NoTokenError(None) from problem
            call.status = answer.status_code
        if not is_success(answer.status_code):
            raise NoTokenError(answer.status_code)
        try:
            body = answer.json()
        except (ValueError, RecursionError):
            body = None
        members = body if isinstance(body, dict) else {}
        value, refresh = members.get("access_token"), members.get("refresh_token")
        if not _is_token(value):
            raise NoTokenError(None)
        return Token(value, _lifetime(members.get("expires_in")), refresh if _is_token(refresh) else None)


def partner_headers(settings: Settings) -> dict[str, str]:
    """The partner's id, which Trustpilot wants on every call made with a customer's keys or token (seed 003, step
    6)."""
    return {} if settings.partner_id is None else {settings.partner_header: settings.partner_id}


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value)


def _lifetime(expires_in: object) -> float:
    """Seconds of life. Trustpilot sends them as a string; a value nobody can read is taken as the documented 100 hours.

    That is safe: a token that dies earlier is refused with 401 and replaced.
    """
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return DOCUMENTED_LIFETIME
    return seconds if 0 < seconds <= DOCUMENTED_LIFETIME else DOCUMENTED_LIFETIME
