"""The mock with the permissions of the browser's user: in the same process, with the same access check."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Request
from tpmock.common.control_client import ControlClient


class Response(Protocol):
    """A response of the mock."""

    @property
    def status(self) -> int:
        """Return the status."""

    @property
    def body(self) -> bytes:
        """Return the body."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers."""


#: Serves one WSGI environment.
Serve = Callable[[Mapping[str, Any]], Response]


class InProcessClient:
    """Client with the permissions of one request of the browser.

    Each request carries the browser's host, origin and control token, so that control access treats a page like any
    other program.

    :param request: request of the browser
    :param token: the control token of the browser, or an empty string
    """

    def __init__(self, serve: Serve, request: Request, token: str) -> None:
        self._serve = serve
        self._request = request
        #: The control API.
        self.control = ControlClient(request.host_url, token, self._send)

    def check_token(self, token: str) -> None:
        """Check a control token.

        :raises RefusedError: if it is wrong
        """
        InProcessClient(self._serve, self._request, token).control.call("GET", "/sandboxes/default")

    def call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> int:
        """Send a request with a JSON body and these headers to any API of the mock, and return the status."""
        given = {"Content-Type": "application/json", **headers}
        return self._send(method, path, given, json.dumps(body).encode())[0]

    def send(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Response:
        """Send a request with exactly these headers, including ``Host``."""
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
        """Return these headers with the browser's own host and origin."""
        around = {"Host": self._request.host, "Origin": self._request.headers.get("Origin")}
        return {name: value for name, value in {**around, **headers}.items() if value is not None}

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        result = self.send(method, url, self.as_browser(headers), body or b"")
        return result.status, result.body
