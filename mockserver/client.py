"""Speaks to a running mock's control API, for the command and the pytest plugin."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

#: The environment variable in which a control token is handed over.
TOKEN_VARIABLE: Final = "TPMOCK_CONTROL_TOKEN"  # noqa: S105 - a variable's name
#: Seconds for an answer; settling may take a minute by itself.
PATIENCE: Final = 90

#: Carries a request: method, URL, headers, body; gives status and body of the answer. It raises ``OSError``,
#: ``HTTPException`` or ``ValueError`` when no answer comes.
Transport = Callable[[str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]


class UnreachableError(Exception):
    """No mock answers there. The message is a sentence for the user."""


class RefusedError(Exception):
    """The mock refused. The message is its own sentence.

    :ivar status: of the answer
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def over_the_network() -> Transport:
    """Requests by urllib, as this must be light: the command and every test run start with it."""
    # Late, as who serves never asks.
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415

    # The environment's proxies are for the outside; this is the user's own machine.
    opener = build_opener(ProxyHandler({}))

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - the caller checks it
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    return send


class ControlClient:
    """A running mock.

    :param url: its address, such as ``http://127.0.0.1:8080``
    :param token: its control token, when it wants one; by default from the environment
    :param transport: what carries the requests, by default over the network
    """

    def __init__(self, url: str, token: str | None = None, transport: Transport | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = os.environ.get(TOKEN_VARIABLE) if token is None else token
        self._send = transport or over_the_network()

    def call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, object] | None = None, *, text: bool = False
    ) -> Any:
        """Call the control API.

        :param path: behind ``/_mock``, such as ``/sandboxes``
        :param body: a JSON value, or None for none
        :param query: parameters; those that are None are left out
        :param text: the answer is text, not JSON
        :returns: the answer, None when it is empty
        :raises UnreachableError: when no mock answers
        :raises RefusedError: when it refuses
        """
        from http.client import HTTPException  # noqa: PLC0415 - late, as above

        if not self.url.startswith(("http://", "https://")):
            raise UnreachableError(f"{self.url} is no address: write http://127.0.0.1:8080.")
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        url = f"{self.url}/_mock{quote(path)}{'?' + urlencode(given) if given else ''}"
        try:
            status, content = self._send(method, url, headers, None if body is None else json.dumps(body).encode())
            if status >= HTTPStatus.BAD_REQUEST:
                raise RefusedError(status, _sentence(url, status, content))
            if text:
                return content.decode()
            return json.loads(content) if content else None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise UnreachableError(f"No mock answers at {self.url} ({reason}). Start one with 'tpmock up'.") from None

    def sandbox(self, sandbox_id: str) -> dict[str, Any]:
        """A sandbox with credentials and addresses.

        :raises UnreachableError: when there is no mock
        :raises RefusedError: when there is no such sandbox in it
        """
        return dict(self.call("GET", f"/sandboxes/{sandbox_id}"))


def _sentence(url: str, status: int, content: bytes) -> str:
    """What the mock says in its problem document, or, when something else answered, that."""
    try:
        problem = json.loads(content)
        return f"{problem['title']}. {problem.get('detail', '')}".strip()
    except (ValueError, TypeError, KeyError):
        return f"{url} answered {status}; is that a mock?"
