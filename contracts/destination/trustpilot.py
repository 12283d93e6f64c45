"""Calls Trustpilot's invitation API, and knows afterwards whether an invitation can exist."""

from __future__ import annotations

import io
import json
import time
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from contracts.destination.config import Settings
from contracts.destination.connections import Connection
from contracts.destination.orders import Order
from contracts.destination.tokens import TokenStore, partner_headers

POOL_SIZE = 32
"""Connections kept per host: one for each thread of the server."""

_LONGEST_ANSWER = 65_536


class UnreachableError(Exception):
    """No connection came about, so Trustpilot has seen nothing."""


class UnconfirmedError(Exception):
    """The request left, and no status came back: an invitation may exist."""


class TrustpilotClient:
    """Asks Trustpilot to invite a buyer (Trustpilot, invitation API: create invitations).

    :param session: shared by all threads; it needs a pool as large as there are threads.
    :param tokens: where access tokens come from.
    """

    def __init__(self, settings: Settings, session: requests.Session, tokens: TokenStore) -> None:
        self._session = session
        self._tokens = tokens
        self._url = settings.invitations_api_url
        self._headers = {"Content-Type": "application/json", **partner_headers(settings)}
        self.timeout = settings.timeout

    def invite(self, connection: Connection, order: Order) -> int:
        """Request one invitation, with one repeat under a new token when the first token is refused.

        :returns: Trustpilot's status. 401 means that the new token was refused as well.
        :raises NoTokenError: no token could be had; nothing was sent.
        :raises UnreachableError: nothing was sent.
        :raises UnconfirmedError: something was sent; what became of it is unknown.
        """
        token = self._tokens.get()
        status = self.send(connection, order, token)
        if status == HTTPStatus.UNAUTHORIZED:
            status = self.send(connection, order, self._tokens.renew(token))
        return status

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """One request, one answer: Trustpilot's status.

        :raises UnreachableError: nothing was sent.
        :raises UnconfirmedError: something was sent; what became of it is unknown.
        """
        body = _Body(json.dumps(self.invitation(connection, order)).encode())
        try:
            answer = self._session.post(
                self._address(connection),
                data=body,
                headers={**self._headers, "x-business-user-id": connection.business_user_id},
                auth=_Bearer(token),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,  # the status alone decides: a body that is cut off must not make the outcome unknown
            )
        except requests.RequestException as problem:
            raise (UnconfirmedError if body.left else UnreachableError)(type(problem).__name__) from None
        with answer:
            self._read_to_the_end(answer)
            return answer.status_code

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        """The request's body: a service review invitation by e-mail."""
        service: dict[str, object] = {} if connection.template_id is None else {"templateId": connection.template_id}
        return {
            "locale": connection.locale,
            "referenceNumber": order.order_id,
            "consumerName": order.name,
            "consumerEmail": order.email,
            "type": "email",
            "serviceReviewInvitation": service,
        }

    def _address(self, connection: Connection) -> str:
        unit = quote(connection.business_unit_id, safe="")
        return f"{self._url}/v1/private/business-units/{unit}/email-invitations"

    def _read_to_the_end(self, answer: requests.Response) -> None:
        """Only a connection whose answer was read can be used again; an endless answer is not worth that."""
        seen, deadline = 0, time.monotonic() + self.timeout
        try:
            for chunk in answer.iter_content(8192):
                seen += len(chunk)
                if seen > _LONGEST_ANSWER or time.monotonic() > deadline:
                    break
        except requests.RequestException:
            return


def new_session() -> requests.Session:
    """A session for all threads: pooled, without retries of its own, without cookies."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0))
    return session


class _Bearer(AuthBase):
    # Given as auth and not as a header, so that a .netrc file cannot replace it.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Body(io.BytesIO):
    """A request body that knows whether any of it was taken for sending.

    The exceptions of the HTTP library do not tell: the same class may mean a failed handshake or a cut in mid-answer.
    """

    left = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.left = True
        return super().read(size)
