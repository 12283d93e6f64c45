"""The mock as the person at the browser may call it: in the same process, through the same gate."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Request

from mockserver.client import ControlClient


class Result(Protocol):
    """An answer of the mock."""

    @property
    def status(self) -> int:
        """Of the answer."""

    @property
    def body(self) -> bytes:
        """Of the answer."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the answer."""


#: Serves one WSGI environment.
Serve = Callable[[Mapping[str, Any]], Result]


class Door:
    """What one request of the browser may do.

    Nothing is decided here. Each call goes on with the browser's host, origin and control token, so that what the gate
    refuses to a program it refuses to a page too.

    :param serve: the mock's pipeline
    :param request: the browser's
    :param token: the control token that the browser showed, or an empty string
    """

    def __init__(self, serve: Serve, request: Request, token: str) -> None:
        self._serve = serve
        self._request = request
        #: The control API.
        self.control = ControlClient(request.host_url, token, self._send)

    def knock(self, token: str) -> None:
        """See whether a control token opens.

        :raises RefusedError: when it does not
        """
        Door(self._serve, self._request, token).control.call("GET", "/sandboxes")

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Call any API of the mock, as a program would with these headers.

        :param path: with its query
        :param body: a JSON value, or None for none
        :returns: the status, and the answer as JSON; None when it is none
        """
        content = None if body is None else json.dumps(body).encode()
        given = {**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
        status, answer = self._send(method, path, given, content)
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, None

    def send(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Result:
        """Make any call as whoever sends exactly these headers, ``Host`` among them."""
        parts = urlsplit(url)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
            "QUERY_STRING": parts.query,
            "CONTENT_LENGTH": str(len(content)),
            "REMOTE_ADDR": self._request.remote_addr or "",
            "wsgi.url_scheme": self._request.scheme,
            "wsgi.input": io.BytesIO(content),
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return self._serve(environ)

    def as_browser(self, headers: Mapping[str, str]) -> dict[str, str]:
        """These headers with the browser's own host and origin."""
        around = {"Host": self._request.host, "Origin": self._request.headers.get("Origin")}
        return {name: value for name, value in {**around, **headers}.items() if value is not None}

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        result = self.send(method, url, self.as_browser(headers), body or b"")
        return result.status, result.body
