"""Asks Trustpilot for access tokens (Trustpilot, authentication)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeGuard

import requests
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.replies import is_success
from tpmock.destination.storage.connections import Credentials, Way
from tpmock.destination.trustpilot.transport import Transport, object_in

DOCUMENTED_LIFETIME = 360_000.0
"""Seconds; Trustpilot's authentication page: an access token lives 100 hours."""

HOME = "/v1/oauth/oauth-business-users-for-applications"
"""Where tokens are issued and revoked."""

_MARGIN = 60.0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token. ``lifetime`` is in seconds, counted from when it was asked for.

    :param refresh: what the next one can be had with, once
    """

    value: str = field(repr=False)
    lifetime: float
    refresh: str | None = field(default=None, repr=False)

    def good_until(self, asked: float) -> float:
        """Return the moment from which another token is wanted: a while before this one expires."""
        return asked + self.lifetime - min(_MARGIN, self.lifetime / 10)


class NoTokenError(Exception):
    """Trustpilot gave no token; ``status`` is its answer, None without a usable answer."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"no access token (status {status})")
        self.status = status


class TokenEndpoint:
    """The token endpoint."""

    def __init__(self, settings: DestinationSettings, transport: Transport) -> None:
        self._url = settings.api_url + HOME
        self._transport = transport

    def fetch(self, credentials: Credentials, refresh_token: str | None = None) -> AccessToken:
        """One new token: by the refresh token when there is one, else by client credentials (seed 001 shows that call).

        After a refused refresh token, key and secret alone are tried where they can give tokens.

        :raises NoTokenError: with Trustpilot's status; 401 when only the customer's login could give a token
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

    def ask(self, credentials: Credentials, form: Mapping[str, str], path: str = "/accesstoken") -> AccessToken:
        """Send one request of any grant.

        :raises NoTokenError: with Trustpilot's status, or None when no usable response came
        """
        try:
            answer = self.post("token", path, credentials, form)
        except requests.RequestException as problem:
            raise NoTokenError(None) from problem
        if not is_success(answer.status_code):
            raise NoTokenError(answer.status_code)
        members = object_in(answer)
        value, refresh = members.get("access_token"), members.get("refresh_token")
        if not _is_token(value):
            raise NoTokenError(None)
        return AccessToken(value, _lifetime(members.get("expires_in")), refresh if _is_token(refresh) else None)

    def post(self, operation: str, path: str, credentials: Credentials, form: Mapping[str, str]) -> requests.Response:
        """Send a form with a client's credentials.

        :raises requests.RequestException: when no response came
        """
        return self._transport.request(
            operation,
            "POST",
            self._url + path,
            auth=(credentials.api_key, credentials.api_secret),
            headers=self._transport.partner_headers,
            data=dict(form),
        )


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value)


def _lifetime(expires_in: object) -> float:
    """Seconds of life. Trustpilot sends them as a string; an invalid value counts as the documented 100 hours.

    That is safe: a token that expires earlier is refused with 401 and replaced.
    """
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return DOCUMENTED_LIFETIME
    return seconds if 0 < seconds <= DOCUMENTED_LIFETIME else DOCUMENTED_LIFETIME
