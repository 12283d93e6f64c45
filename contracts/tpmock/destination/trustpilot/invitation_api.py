"""Calls Trustpilot's invitation API, and knows afterwards whether an invitation can exist."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import quote

import requests
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.invitations import invitation_body
from tpmock.destination.rules.orders import Order
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.connections import Connection
from tpmock.destination.trustpilot.tokens import TokenStore
from tpmock.destination.trustpilot.transport import Transport


class UnreachableError(Exception):
    """The connection failed, so Trustpilot has seen nothing."""


class BlockedError(UnreachableError):
    """The CDN in front of Trustpilot refused the call with an HTML page, so Trustpilot has seen nothing."""


class UnconfirmedError(Exception):
    """The request was sent, and no status came back: an invitation may exist."""


class TrustpilotClient:
    """Asks Trustpilot to invite a buyer, or to erase one (Trustpilot, invitation API)."""

    def __init__(
        self, settings: DestinationSettings, transport: Transport, tokens: TokenStore, now: Clock = time.time
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._url = settings.invitations_api_url
        self._headers = {"Content-Type": "application/json", **transport.partner_headers}
        self._now = now
        self.timeout = settings.timeout

    def invite(self, connection: Connection, order: Order) -> int:
        """Request one invitation, with one repeat under a new token when the first token is refused.

        :returns: Trustpilot's status; 401 means that the new token was refused as well
        :raises NoTokenError: when no token could be had, so nothing was sent
        :raises UnreachableError: when nothing was sent
        :raises UnconfirmedError: when something was sent and its outcome is unknown
        """
        return self._with_token(connection, lambda token: self.send(connection, order, token))

    def erase(self, connection: Connection, addresses: Sequence[str]) -> int:
        """Delete the invitation data of some addresses at Trustpilot, permanently. A repeated request is harmless.

        Returns and raises the same as :meth:`invite`.
        """
        body = {"customerEmails": list(addresses)}
        path = "invitation-data/delete"
        return self._with_token(connection, lambda token: self._post("erase", connection, path, body, token))

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Send one request for an invitation, and return Trustpilot's status. Raises the same as :meth:`invite`."""
        return self._post("invite", connection, "email-invitations", self.invitation(connection, order), token)

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        """Return the body of that request."""
        return invitation_body(order, connection.preferences, self._now)

    def _with_token(self, connection: Connection, call: Callable[[str], int]) -> int:
        token = self._tokens.get(connection)
        status = call(token)
        if status == HTTPStatus.UNAUTHORIZED:
            status = call(self._tokens.renew(connection, token))
        return status

    def _post(self, operation: str, connection: Connection, path: str, content: object, token: str) -> int:
        body = _Body(json.dumps(content).encode())
        unit = quote(connection.business_unit_id, safe="")
        acting = {} if connection.business_user_id is None else {"x-business-user-id": connection.business_user_id}
        try:
            answer = self._transport.request(
                operation,
                "POST",
                f"{self._url}/v1/private/business-units/{unit}/{path}",
                data=body,
                headers={**self._headers, **acting, "Authorization": f"Bearer {token}"},
                timeout=self.timeout,
                stream=True,  # the status alone decides: a body that is cut off must not make the outcome unknown
            )
        except requests.RequestException as problem:
            raise (UnconfirmedError if body.left else UnreachableError)(type(problem).__name__) from None
        if answer.status_code == HTTPStatus.FORBIDDEN and _is_page(answer):
            raise BlockedError("content network")
        return answer.status_code


def _is_page(answer: requests.Response) -> bool:
    """Return whether a response is an HTML page: Trustpilot's API answers in JSON."""
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"


class _Body(io.BytesIO):
    """Request body that records whether any of it was sent.

    The exceptions of the HTTP library do not tell: the same class may mean a failed handshake or a cut in mid-answer.
    """

    left = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.left = True
        return super().read(size)
