"""One connection to whom we post: HTTP/1.1, kept open, and everything on it ends by a moment that is set beforehand."""

from __future__ import annotations

import io
import re
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from http.client import HTTPMessage

#: What may stand in a header; anything else could pretend to be a second one.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH_SIGNS: Final = "/%:=&~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart.

    :param target: what stands in the request line: path and query
    """

    secure: bool
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[bool, str, int]:
        """Whatever has the same can share a connection."""
        return self.secure, self.host, self.port

    @property
    def authority(self) -> str:
        """As the header ``Host`` has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@lru_cache(maxsize=1024)
def address(url: str) -> Address:
    """The parts of ``url``.

    :raises ValueError: when it is no address
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address")
    secure = parts.scheme == "https"
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    query = f"?{quote(parts.query, safe=_PATH_SIGNS + '?')}" if parts.query else ""
    return Address(
        secure, host, parts.port or (443 if secure else 80), quote(parts.path or "/", safe=_PATH_SIGNS) + query
    )


def head(to: Address, headers: Mapping[str, str], length: int) -> bytes:
    """What goes out before the body.

    :raises ValueError: when a header cannot be written
    """
    lines = [f"POST {to.target} HTTP/1.1", f"Host: {to.authority}"]
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"{name!r} is no header")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode("latin-1")


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Certificates are checked: Segment sends nothing to one that nobody vouches for (Webhooks)."""
    return ssl.create_default_context()


class Line:
    """A connection.

    :param deadline: of connecting, on the monotonic clock
    :raises OSError: when there is none to be had until then
    """

    def __init__(self, to: Address, deadline: float) -> None:
        self.origin = to.origin
        self.deadline = deadline
        self._socket = socket.create_connection((to.host, to.port), timeout=self._left())
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if to.secure:
                self._socket.settimeout(self._left())
                self._socket = _trust().wrap_socket(self._socket, server_hostname=to.host)
        except BaseException:
            self._socket.close()
            raise

    def _left(self) -> float:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def exchange(self, request: bytes, limit: int) -> tuple[int, HTTPMessage, bytes, bool]:
        """Send, and read the answer.

        :param limit: bytes of the body that are read
        :returns: status, headers, body, and whether the connection can be used again
        :raises OSError: when the network does not do it, or not in time
        :raises HTTPException: when what comes back is no HTTP
        """
        # Late, as a mock that delivers nothing needs no client.
        from http.client import HTTPException, HTTPResponse  # noqa: PLC0415

        self._socket.settimeout(self._left())
        self._socket.sendall(request)
        # All it needs of a socket is makefile.
        with HTTPResponse(cast(socket.socket, self), method="POST") as response:
            response.begin()
            if response.status < 200:  # noqa: PLR2004 - an interim answer to what nobody asked for
                raise HTTPException(f"interim answer {response.status}")
            body = response.read(limit)
            if response.length and len(body) < limit:
                raise HTTPException("the answer ends too early")
            return response.status, response.headers, body, response.isclosed() and not response.will_close

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What :class:`HTTPResponse` reads from; closing it leaves the line open."""
        return io.BufferedReader(_Incoming(self))

    def receive_into(self, buffer: Any) -> int:
        """What has come, waited for until the deadline, however slowly the other side drips."""
        self._socket.settimeout(self._left())
        return self._socket.recv_into(buffer)

    def forsaken(self) -> bool:
        """Whether the other side has closed it meanwhile, or said something that nobody asked for."""
        if not hasattr(select, "poll"):
            return bool(select.select([self._socket], [], [], 0)[0])
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class _Incoming(io.RawIOBase):
    """The side of a line that is read."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.receive_into(buffer)
