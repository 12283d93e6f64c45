"""HTTP client for all outbound requests. It connects only to addresses that the user configured."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

from tpmock.common.real_time import monotonic

if TYPE_CHECKING:
    from tpmock.outbound.connection import Connection, Origin

#: Maximum number of concurrent posts of one process, for all sandboxes.
PARALLEL: Final = 32
#: Maximum number of idle connections.
IDLE: Final = 32
#: Maximum size of an answer; the rest is not read.
ANSWER_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The answer, or the code of the failure (``ECONNREFUSED``, ``ETIMEDOUT``, ...)."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    error: str | None
    milliseconds: float

    def header(self, name: str) -> str:
        """Return the value of a header, ignoring the case of its name; empty if missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")


class HttpClient(Protocol):
    """Posts a body and waits for the answer. Rules use this interface and need no network library."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpReply:
        """Send a request and wait at most ``timeout`` seconds. The result reports network failures; none is raised."""

    def close(self) -> None:
        """Close the connections."""


class PooledClient:
    """The default client: it reuses connections, follows no redirects, verifies certificates, and ignores the
    environment's proxies.
    """

    def __init__(self, tick: Callable[[], float] = perf_counter) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self._idle: list[Connection] = []

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpReply:
        """Send a request, and wait at most ``timeout`` seconds for connecting, sending and the whole answer."""
        started = self._tick()
        try:
            status, answered, content = self._exchange(url, headers, body, monotonic() + timeout)
        except Exception as error:  # noqa: BLE001 - the socket, TLS and HTTP raise kinds of their own
            return HttpReply(None, {}, b"", failure_code(error), self._since(started))
        return HttpReply(status, answered, content, None, self._since(started))

    def _exchange(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        # Imported late: a mock that delivers nothing needs no client.
        from tpmock.outbound.connection import Connection, address  # noqa: PLC0415

        origin, target = address(url)
        connection = self._take(origin) or Connection(origin, deadline)
        connection.deadline = deadline
        reusable = False
        try:
            status, answered, content, reusable = connection.post(target, headers, body, ANSWER_LIMIT)
        finally:
            self._put_back(connection, reusable=reusable)
        return status, answered, content

    def _take(self, origin: Origin) -> Connection | None:
        """Return the idle connection that was used last, so that the others can time out."""
        while True:
            with self._lock:
                fitting = [number for number, one in enumerate(self._idle) if one.origin == origin]
                if not fitting:
                    return None
                connection = self._idle.pop(fitting[-1])
            if not connection.is_stale():
                return connection
            connection.close()

    def _put_back(self, connection: Connection, *, reusable: bool) -> None:
        surplus: Connection | None = connection
        if reusable:
            with self._lock:
                self._idle.append(connection)
                surplus = self._idle.pop(0) if len(self._idle) > IDLE else None
        if surplus is not None:
            surplus.close()

    def _since(self, started: float) -> float:
        return (self._tick() - started) * 1000

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            connections, self._idle = self._idle, []
        for connection in connections:
            connection.close()


_BY_TYPE: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (TimeoutError, "ETIMEDOUT"),
    (ConnectionRefusedError, "ECONNREFUSED"),
    (ConnectionResetError, "ECONNRESET"),
    (BrokenPipeError, "ECONNRESET"),
    (ConnectionAbortedError, "ECONNABORTED"),
)
#: Node's names of OpenSSL's certificate errors; Segment's list has no code for them. Numbers: OpenSSL's X509_V_ERR.
_CERTIFICATES: Final[Mapping[int, str]] = {
    10: "CERT_HAS_EXPIRED",
    18: "DEPTH_ZERO_SELF_SIGNED_CERT",
    19: "SELF_SIGNED_CERT_IN_CHAIN",
    62: "ERR_TLS_CERT_ALTNAME_INVALID",
}


def failure_code(error: BaseException) -> str:
    """Return Segment's code for a failure of the connection (Event Delivery, error codes)."""
    if isinstance(error, socket.gaierror):
        return "EAI_AGAIN" if error.errno == socket.EAI_AGAIN else "ENOTFOUND"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
    for kind, code in _BY_TYPE:
        if isinstance(error, kind):
            return code
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "EHOSTUNREACH"
    # Also for a response that is not HTTP: no other code is documented.
    return "ECONNRESET"
