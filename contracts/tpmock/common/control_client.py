"""HTTP client of a running mock's control API, for the command, the pytest plugin, the console and the kit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from urllib.request import BaseHandler, HTTPSHandler, OpenerDirector

#: The environment variable of the control token.
TOKEN_VARIABLE: Final = "TPMOCK_CONTROL_TOKEN"  # noqa: S105 - a variable's name
#: Seconds for an answer; settling may take a minute by itself.
PATIENCE: Final = 90

#: Sends a request (method, URL, headers, body) and returns status and body of the answer. It raises ``OSError``,
#: ``HTTPException`` or ``ValueError`` when no answer comes.
Transport = Callable[[str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]


class UnreachableError(Exception):
    """No mock answers there. The message is a sentence for the user."""


class SlowError(UnreachableError):
    """No answer came within :data:`PATIENCE`."""


class RefusedError(Exception):
    """The mock refused the request. The message is the mock's.

    :ivar status: of the answer
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def over_the_network(*handlers: BaseHandler, patience: float = PATIENCE) -> Transport:
    """Transport by urllib, which imports fast: the command and every test run start with it.

    :param handlers: urllib's, in place of its own
    :param patience: seconds for an answer
    """
    # Imported late, as a server never sends requests.
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415

    from tpmock.common.loopback import is_loopback  # noqa: PLC0415

    # The environment's proxies are for other hosts; this is the user's own machine.
    opener = build_opener(ProxyHandler({}), *handlers)
    local: list[OpenerDirector] = []

    def opener_for(request: Request) -> OpenerDirector:
        if request.type != "https" or not is_loopback((request.host or "").rpartition(":")[0]):
            return opener
        if not local:
            local.append(build_opener(ProxyHandler({}), *handlers, _trusting_the_local_authority()))
        return local[0]

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - the caller checks it
        try:
            with opener_for(request).open(request, timeout=patience) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    return send


def _trusting_the_local_authority() -> HTTPSHandler:
    """Return a TLS handler for a mock on this machine, whose certificate the user's local authority signed."""
    import ssl  # noqa: PLC0415 - late, as most mocks speak no TLS
    from urllib.request import HTTPSHandler  # noqa: PLC0415

    from tpmock.common.user_folder import authority_certificate  # noqa: PLC0415

    context = ssl.create_default_context()
    if (file := authority_certificate()) is not None:
        context.load_verify_locations(file)
    return HTTPSHandler(context=context)


class ControlClient:
    """A running mock.

    :param url: its address, such as ``http://127.0.0.1:8080``
    :param token: its control token, when it requires one; by default from the environment
    :param transport: what sends the requests, by default over the network
    """

    def __init__(self, url: str, token: str | None = None, transport: Transport | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = os.environ.get(TOKEN_VARIABLE) if token is None else token
        self._send = transport or over_the_network()

    def call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, object] | None = None, *, text: bool = False
    ) -> Any:
        """Call the control API.

        :param path: below ``/_mock``, such as ``/sandboxes``
        :param body: a JSON value, or None for none
        :param query: parameters; those that are None are left out
        :param text: the answer is text, not JSON
        :returns: the answer, None when it is empty
        :raises UnreachableError: when no mock answers
        :raises RefusedError: when it refuses
        """
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        url = f"{self.url}/_mock{quote(path)}{'?' + urlencode(given) if given else ''}"
        return self.request(method, url, body, f"Bearer {self._token}" if self._token else "", text=text)

    def request(self, method: str, url: str, body: Any = None, authorization: str = "", *, text: bool = False) -> Any:
        """Call any API of the mock; see :meth:`call`.

        :param url: the whole address
        """
        from http.client import HTTPException  # noqa: PLC0415 - late, as above

        if not url.startswith(("http://", "https://")):
            raise UnreachableError(f"{self.url!r} is not an address. Give one such as http://127.0.0.1:8080.")
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if authorization:
            headers["Authorization"] = authorization
        try:
            status, content = self._send(method, url, headers, None if body is None else json.dumps(body).encode())
            if status >= HTTPStatus.BAD_REQUEST:
                raise RefusedError(status, _sentence(url, status, content))
            if text:
                return content.decode()
            return json.loads(content) if content else None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise SlowError(f"{method} {url} was not answered within {PATIENCE} s.") from None
            why = getattr(reason, "strerror", None) or reason
            raise UnreachableError(f"No mock answers at {self.url} ({why}). Start one with 'tpmock up'.") from None

    def sandbox(self, sandbox_id: str) -> dict[str, Any]:
        """Return a sandbox with credentials and addresses.

        :raises UnreachableError: when there is no mock
        :raises RefusedError: when there is no such sandbox in it
        """
        return dict(self.call("GET", f"/sandboxes/{sandbox_id}"))


def _sentence(url: str, status: int, content: bytes) -> str:
    """Return the text of the mock's problem document, or the answer of another program."""
    try:
        problem = json.loads(content)
        return f"{problem['title']}. {problem.get('detail', '')}".strip()
    except (ValueError, TypeError, KeyError):
        return f"{url} answered {status}; is that a mock?"
