"""Calls Trustpilot as a partner: finds a shop, checks that it may be connected, makes keys (seed 003, steps 2 to 5)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules import values
from tpmock.destination.rules.messages import refuse
from tpmock.destination.rules.replies import is_success
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.connections import Credentials, Way
from tpmock.destination.trustpilot.token_endpoint import NoTokenError, TokenEndpoint
from tpmock.destination.trustpilot.transport import Transport, object_in

_UNFIT: dict[int, str] = {HTTPStatus.OK: "not-eligible", HTTPStatus.FORBIDDEN: "not-ours"}
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class BusinessUnit:
    """A business unit. ``name`` is what its owner calls it, and may be any text."""

    id: str
    name: str


class Partner:
    """The partner's own calls, with one access token for as long as it lives."""

    def __init__(
        self, settings: DestinationSettings, transport: Transport, token_endpoint: TokenEndpoint, now: Clock
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._token_endpoint = token_endpoint
        self._now = now
        self._lock = threading.Lock()
        self._token: tuple[str, float] | None = None

    def find(self, domain: str) -> BusinessUnit:
        """Return the business unit of a domain (step 3).

        :raises Refusal: unknown-domain, partner-refused, partner-later
        """
        # The key is in the header and not in the address, where the seed shows it: addresses end up in logs.
        key = {"apikey": self._settings.partner_api_key or ""}
        answer = self._send("find", "GET", "/v1/business-units/find", key, params={"name": domain})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise refuse("unknown-domain", domain=domain)
        body = object_in(answer) if is_success(answer.status_code) else {}
        if not body:
            raise _problem(answer.status_code)
        name = body.get("displayName")
        try:
            return BusinessUnit(values.object_id(str(body.get("id", ""))), name if isinstance(name, str) else domain)
        except ValueError:
            raise refuse("partner-later") from None

    def check(self, unit: BusinessUnit, domain: str) -> None:
        """Check that the customer has sufficient rights: 201 means yes, 200 means no (step 4).

        :raises Refusal: not-eligible, not-ours, partner-refused, partner-later
        """
        self._judge(self._as_partner("check", "GET", unit), domain)

    def create_keys(self, unit: BusinessUnit, domain: str) -> Credentials:
        """New keys for the customer (step 5). No source gives their names in the answer.

        :raises Refusal: not-eligible, not-ours, partner-refused, partner-later
        """
        answer = self._as_partner("key", "POST", unit)
        self._judge(answer, domain)
        made = object_in(answer)
        key, secret = made.get("apiKey"), made.get("apiSecret")
        if not isinstance(key, str) or not isinstance(secret, str) or not key or not secret:
            raise refuse("partner-later")
        return Credentials(key, secret, Way.AUTHORIZATION_CODE)

    def revoke(self, credentials: Credentials, refresh_token: str) -> bool:
        """End a customer's login, and return whether Trustpilot confirmed it."""
        try:
            answer = self._token_endpoint.post("revoke", "/revoke", credentials, {"token": refresh_token})
        except requests.RequestException:
            return False
        return is_success(answer.status_code)

    def _judge(self, answer: requests.Response, domain: str) -> None:
        if answer.status_code != HTTPStatus.CREATED:
            name = _UNFIT.get(answer.status_code)
            raise refuse(name, domain=domain) if name else _problem(answer.status_code)

    def _as_partner(self, operation: str, method: str, unit: BusinessUnit) -> requests.Response:
        """Make a call with the partner's token; on a refused token, get a new one and repeat the call once."""
        partner = quote(self._settings.partner_id or "", safe="")
        path = f"/v1/private/partners/{partner}/{operation}/{unit.id}"
        token = self._access_token(None)
        answer = self._send(operation, method, path, {"Authorization": f"Bearer {token}"})
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            token = self._access_token(token)
            answer = self._send(operation, method, path, {"Authorization": f"Bearer {token}"})
        return answer

    def _access_token(self, stale: str | None) -> str:
        """Return a token by the password grant (step 2), a new one when it has expired or was refused; one request at
        a time.
        """
        with self._lock:
            if self._token is not None and self._token[0] != stale and self._now() < self._token[1]:
                return self._token[0]
            settings = self._settings
            credentials = Credentials(settings.partner_api_key or "", settings.partner_api_secret or "")
            form = {
                "grant_type": "password",
                "username": settings.partner_username or "",
                "password": settings.partner_password or "",
            }
            asked = self._now()
            try:
                token = self._token_endpoint.ask(credentials, form)
            except NoTokenError as problem:
                raise _problem(problem.status) from None
            self._token = (token.value, token.good_until(asked))
            return token.value

    def _send(
        self, operation: str, method: str, path: str, headers: Mapping[str, str], **options: Any
    ) -> requests.Response:
        url, headers = self._settings.api_url + path, {**headers, **self._transport.partner_headers}
        try:
            return self._transport.request(operation, method, url, headers=headers, **options)
        except requests.RequestException:
            raise refuse("partner-later") from None


def _problem(status: int | None) -> Exception:
    if status in _REFUSED:
        return refuse("partner-refused", status=status)
    return refuse("partner-later")
