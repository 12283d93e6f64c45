"""Calls Trustpilot as a partner: which shop is that, may it be connected, keys for it (seed 003, steps 2 to 5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests

from contracts.destination import values
from contracts.destination.config import Settings
from contracts.destination.connections import Credentials, Way
from contracts.destination.messages import refuse
from contracts.destination.metrics import Metrics
from contracts.destination.replies import is_success
from contracts.destination.token_desk import HOME, NoTokenError, TokenDesk, partner_headers

_MARGIN = 60.0
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Unit:
    """A business unit. ``name`` is what its owner calls it, and may be any text."""

    id: str
    name: str


class Partner:
    """The partner's own calls, with one access token for as long as it lives.

    :param session: shared by all threads.
    :param now: seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        session: requests.Session,
        desk: TokenDesk,
        metrics: Metrics,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._session = session
        self._desk = desk
        self._metrics = metrics
        self._now = now
        self._lock = threading.Lock()
        self._token: tuple[str, float] | None = None

    def find(self, domain: str) -> Unit:
        """The business unit of a domain (step 3).

        :raises Refusal: unknown-domain, partner-refused, partner-later.
        """
        answer = self._send(
            "find", "GET", "/v1/business-units/find", headers=self._key_headers(), params={"name": domain}
        )
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise refuse("unknown-domain", domain=domain)
        body = _members(answer) if is_success(answer.status_code) else {}
        if not body:
            raise _problem(answer.status_code)
        name = body.get("displayName")
        try:
            return Unit(values.identifier(str(body.get("id", ""))), name if isinstance(name, str) else domain)
        except ValueError:
            raise refuse("partner-later") from None

    def check(self, unit: Unit, domain: str) -> None:
        """Whether the customer has sufficient rights: 201 says so, 200 says the opposite (step 4).

        :raises Refusal: not-eligible, not-ours, partner-refused, partner-later.
        """
        self._judge(self._as_partner("check", "GET", unit), domain)

    def create_keys(self, unit: Unit, domain: str) -> Credentials:
        """New keys for the customer (step 5). How they are called in the answer no source says.

        :raises Refusal: not-eligible, not-ours, partner-refused, partner-later.
        """
        answer = self._as_partner("key", "POST", unit)
        self._judge(answer, domain)
        made = _members(answer)
        key, secret = made.get("apiKey"), made.get("apiSecret")
        if not isinstance(key, str) or not isinstance(secret, str) or not key or not secret:
            raise refuse("partner-later")
        return Credentials(key, secret, Way.AUTHORIZATION_CODE)

    def revoke(self, credentials: Credentials, refresh_token: str) -> bool:
        """End a customer's login; whether Trustpilot confirmed it."""
        try:
            with self._metrics.calling("revoke") as call:
                answer = self._session.post(
                    f"{self._settings.api_url}{HOME}/revoke",
                    auth=(credentials.api_key, credentials.api_secret),
                    headers=partner_headers(self._settings),
                    data={"token": refresh_token},
                    timeout=self._settings.timeout,
                    allow_redirects=False,
                )
                call.status = answer.status_code
        except requests.RequestException:
            return False
        return is_success(answer.status_code)

    def _judge(self, answer: requests.Response, domain: str) -> None:
        if answer.status_code == HTTPStatus.CREATED:
            return
        if answer.status_code == HTTPStatus.OK:
            raise refuse("not-eligible", domain=domain)
        if answer.status_code == HTTPStatus.FORBIDDEN:
            raise refuse("not-ours", domain=domain)
        raise _problem(answer.status_code)

    def _as_partner(self, operation: str, method: str, unit: Unit) -> requests.Response:
        """A call with the partner's token; a refused token leads to one new token and one repeat."""
        partner = quote(self._settings.partner_id or "", safe="")
        path = f"/v1/private/partners/{partner}/{operation}/{unit.id}"
        token = self._access_token(None)
        answer = self._send(operation, method, path, headers=self._bearer(token))
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer = self._send(operation, method, path, headers=self._bearer(self._access_token(token)))
        return answer

    def _access_token(self, stale: str | None) -> str:
        """By the password grant (step 2), again when it has expired or was refused; one request at a time."""
        with self._lock:
            if self._token is not None and self._token[0] != stale and self._now() < self._token[1]:
                return self._token[0]
            told = self._settings
            credentials = Credentials(told.partner_api_key or "", told.partner_api_secret or "")
            form = {
                "grant_type": "password",
                "username": told.partner_username or "",
                "password": told.partner_password or "",
            }
            asked = self._now()
            try:
                token = self._desk.ask(credentials, form)
            except NoTokenError as problem:
                raise _problem(problem.status) from None
            self._token = (token.value, asked + token.lifetime - min(_MARGIN, token.lifetime / 10))
            return token.value

    def _send(self, operation: str, method: str, path: str, **options: Any) -> requests.Response:
        try:
            with self._metrics.calling(operation) as call:
                answer = self._session.request(
                    method,
                    self._settings.api_url + path,
                    timeout=self._settings.timeout,
                    allow_redirects=False,
                    **options,
                )
                call.status = answer.status_code
        except requests.RequestException:
            raise refuse("partner-later") from None
        return answer

    def _key_headers(self) -> dict[str, str]:
        # In the header and not in the address, where the seed shows it: addresses end up in logs.
        return {"apikey": self._settings.partner_api_key or "", **partner_headers(self._settings)}

    def _bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", **partner_headers(self._settings)}


def _problem(status: int | None) -> Exception:
    if status in _REFUSED:
        return refuse("partner-refused", status=status)
    return refuse("partner-later")


def _members(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
