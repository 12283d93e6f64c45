"""A persistent HTTP/1.1 connection with one deadline for each exchange.

This module writes requests, and :mod:`http.client` reads answers; mockserver/docs/decisions/0060 says why.
"""

from __future__ import annotations

import io
import re
import select
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote, urlsplit

from tpmock.common.real_time import monotonic

#: Valid characters of a header; others could inject a second one.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH_SIGNS: Final = "/%:=&~+!$,;'@()*[]"
_INTERIM: Final = range(100, 200)


class Origin(NamedTuple):
    """Scheme, host and port. Requests to the same origin can share a connection."""

    secure: bool
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Return the value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@lru_cache(maxsize=1024)
def address(url: str) -> tuple[Origin, str]:
    """Return the origin of ``url``, and the target of the request line: path and query.

    :raises ValueError: when it is not a valid address
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not a valid address")
    secure = parts.scheme == "https"
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    query = f"?{quote(parts.query, safe=_PATH_SIGNS + '?')}" if parts.query else ""
    origin = Origin(secure, host, parts.port or (443 if secure else 80))
    return origin, quote(parts.path or "/", safe=_PATH_SIGNS) + query


def is_header(name: str, value: str = "") -> bool:
    """Return whether a header can be sent unchanged."""
    return bool(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value))


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Return TLS settings that verify certificates: Segment does not send to an untrusted one (Webhooks)."""
    return ssl.create_default_context()


class Connection:
    """A connection.

    :param deadline: for connecting, on the monotonic clock
    :raises OSError: when it is not connected by then
    """

    def __init__(self, origin: Origin, deadline: float) -> None:
        self.origin = origin
        self.deadline = deadline
        self._socket = socket.create_connection((origin.host, origin.port), timeout=self._left())
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.secure:
                self._socket.settimeout(self._left())
                self._socket = _trust().wrap_socket(self._socket, server_hostname=origin.host)
        except BaseException:
            self._socket.close()
            raise

    def _left(self) -> float:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def post(
        self, target: str, headers: Mapping[str, str], body: bytes, limit: int
    ) -> tuple[int, Mapping[str, str], bytes, bool]:
        """Send a request, and read the answer.

        :param limit: maximum bytes of the answer's body
        :returns: status, headers, body, and whether the connection can be used again
        :raises OSError: when the network fails, or at the deadline
        :raises HTTPException: when the answer is not valid HTTP
        :raises ValueError: when a header cannot be written
        """
        request = self._head(target, headers, len(body)) + body
        self._socket.settimeout(self._left())
        self._socket.sendall(request)
        # HTTPResponse uses only makefile of its socket.
        with HTTPResponse(cast(socket.socket, self), method="POST") as response:
            response.begin()
            if response.status in _INTERIM:  # to a request that asked for none
                raise HTTPException(f"interim answer {response.status}")
            content = response.read(limit)
            if response.length and len(content) < limit:
                raise HTTPException("the answer ends too early")
            return response.status, dict(response.headers), content, response.isclosed() and not response.will_close

    def _head(self, target: str, headers: Mapping[str, str], length: int) -> bytes:
        lines = [f"POST {target} HTTP/1.1", f"Host: {self.origin.authority}"]
        for name, value in headers.items():
            if not is_header(name, value):
                raise ValueError(f"{name!r} is not a valid header")
            lines.append(f"{name}: {value}")
        return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode("latin-1")

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the stream for :class:`HTTPResponse`; closing it leaves the connection open."""
        return io.BufferedReader(_Incoming(self))

    def receive_into(self, buffer: Any) -> int:
        """Read available bytes; wait for them until the deadline, even if they arrive slowly."""
        self._socket.settimeout(self._left())
        return self._socket.recv_into(buffer)

    def is_stale(self) -> bool:
        """Return whether the peer has closed it, or sent data without a request."""
        if not hasattr(select, "poll"):
            return bool(select.select([self._socket], [], [], 0)[0])
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class _Incoming(io.RawIOBase):
    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive_into(buffer)
