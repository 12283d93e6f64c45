"""Calls Trustpilot's invitation API, and knows afterwards whether an invitation can exist."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import select_proxy

from contracts.destination.config import Settings
from contracts.destination.connections import Connection
from contracts.destination.invitations import invitation_body
from contracts.destination.metrics import Metrics
from contracts.destination.orders import Order
from contracts.destination.token_desk import partner_headers
from contracts.destination.tokens import TokenStore

POOL_SIZE = 32
"""Connections kept per host: one for each thread of the server."""

_LONGEST_ANSWER = 65_536


class UnreachableError(Exception):
    """No connection came about, so Trustpilot has seen nothing."""


class BlockedError(UnreachableError):
    """The content network before Trustpilot refused the call with a page of its own, so Trustpilot has seen nothing."""


class UnconfirmedError(Exception):
    """The request left, and no status came back: an invitation may exist."""


class TrustpilotClient:
    """Asks Trustpilot to invite a buyer, or to forget one (Trustpilot, invitation API).

    :param session: shared by all threads; it needs a pool as large as there are threads.
    :param tokens: where access tokens come from.
    :param now: seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        session: requests.Session,
        tokens: TokenStore,
        metrics: Metrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._url = settings.invitations_api_url
        self._headers = {"Content-Type": "application/json", **partner_headers(settings)}
        self._metrics = metrics
        self._now = now
        self.timeout = settings.timeout

    def invite(self, connection: Connection, order: Order) -> int:
        """Request one invitation, with one repeat under a new token when the first token is refused.

        :returns: Trustpilot's status. 401 means that the new token was refused as well.
        :raises NoTokenError: no token could be had; nothing was sent.
        :raises UnreachableError: nothing was sent.
        :raises UnconfirmedError: something was sent; what became of it is unknown.
        """
        return self._with_token(connection, lambda token: self.send(connection, order, token))

    def erase(self, connection: Connection, addresses: Sequence[str]) -> int:
        """Have the invitation data of some addresses deleted, for good. It does no harm to ask twice.

        :returns: Trustpilot's status.
        :raises NoTokenError: no token could be had.
        :raises UnreachableError: nothing was sent.
        :raises UnconfirmedError: something was sent; what became of it is unknown.
        """
        body = {"customerEmails": list(addresses)}
        path = "invitation-data/delete"
        return self._with_token(connection, lambda token: self._post("erase", connection, path, body, token))

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """One request for an invitation, one answer: Trustpilot's status.

        :raises UnreachableError: nothing was sent.
        :raises UnconfirmedError: something was sent; what became of it is unknown.
        """
        return self._post("invite", connection, "email-invitations", self.invitation(connection, order), token)

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        """The body of that request."""
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
        with self._metrics.calling(operation) as call:
            try:
                answer = self._session.post(
                    f"{self._url}/v1/private/business-units/{unit}/{path}",
                    data=body,
                    headers={**self._headers, **acting},
                    auth=_Bearer(token),
                    timeout=self.timeout,
                    allow_redirects=False,
                    stream=True,  # the status alone decides: a body that is cut off must not make the outcome unknown
                )
            except requests.RequestException as problem:
                raise (UnconfirmedError if body.left else UnreachableError)(type(problem).__name__) from None
            with answer:
                call.status = answer.status_code
                self._read_to_the_end(answer)
        if answer.status_code == HTTPStatus.FORBIDDEN and _is_page(answer):
            raise BlockedError("content network")
        if answer.status_code == HTTPStatus.GATEWAY_TIMEOUT:
            # Trustpilot's own door did not learn what became of it.
            raise UnconfirmedError("gateway time-out")
        return answer.status_code

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


def _is_page(answer: requests.Response) -> bool:
    """Whether it is for people's eyes: Trustpilot's API answers in JSON."""
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"


def new_session(addresses: Iterable[str] = ()) -> requests.Session:
    """A session for all threads: pooled, without retries of its own, without cookies.

    :param addresses: what it will be used for. Which proxies and certificates the environment names for them is found
        out here, once: requests would look at every variable with every call.
    """
    session = requests.Session()
    for address in addresses:
        found = session.merge_environment_settings(address, {}, None, None, None)
        scheme, host = urlsplit(address).scheme, urlsplit(address).hostname
        proxy = select_proxy(address, found["proxies"])
        if proxy is not None:
            session.proxies[f"{scheme}://{host}"] = proxy
        session.verify = found["verify"]
    session.trust_env = False
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
