"""Everything that goes out. Nothing goes anywhere but to an address the user configured."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Final, Protocol

from mockserver.line import Address, Line, address, head

#: How many posts of one process may be under way at once, whatever sandboxes they come from.
PARALLEL: Final = 32
#: How many connections stay open while nothing is said on them.
IDLE: Final = 32
#: More of an answer than this is not read.
ANSWER_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, or the code of what went wrong (``ECONNREFUSED``, ``ETIMEDOUT``, ...)."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    error: str | None
    milliseconds: float

    def header(self, name: str) -> str:
        """The value of a header, however its name is written; empty when there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")


class Courier(Protocol):
    """Posts a body and waits for the answer, so that rules need no network library."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Send and wait at most ``timeout`` seconds. Never raises for what the network does."""

    def close(self) -> None:
        """Let go of the connections."""


class HttpCourier:
    """The real one: connections are reused, redirects are not followed, certificates are checked, the environment's
    proxies are ignored.
    """

    def __init__(self, tick: Callable[[], float] = perf_counter) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self._idle: list[Line] = []

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Send, and wait at most ``timeout`` seconds for everything together: connecting, sending, the whole answer."""
        started = self._tick()
        try:
            to = address(url)
            line = self._line(to, monotonic() + timeout)
            try:
                status, answered, content, reusable = line.exchange(head(to, headers, len(body)) + body, ANSWER_LIMIT)
            except BaseException:
                line.close()
                raise
            self._put_back(line, reusable=reusable)
        except Exception as error:  # noqa: BLE001 - the socket, TLS and HTTP raise kinds of their own
            return Reply(None, {}, b"", failure_code(error), self._since(started))
        return Reply(status, dict(answered.items()), content, None, self._since(started))

    def _line(self, to: Address, deadline: float) -> Line:
        while (line := self._take(to)) is not None:
            if line.forsaken():
                line.close()
            else:
                line.deadline = deadline
                return line
        return Line(to, deadline)

    def _take(self, to: Address) -> Line | None:
        """The open line that was used last: the others may rest and be let go."""
        with self._lock:
            for position in range(len(self._idle) - 1, -1, -1):
                if self._idle[position].origin == to.origin:
                    return self._idle.pop(position)
        return None

    def _put_back(self, line: Line, *, reusable: bool) -> None:
        surplus: Line | None = line
        if reusable:
            with self._lock:
                self._idle.append(line)
                surplus = self._idle.pop(0) if len(self._idle) > IDLE else None
        if surplus is not None:
            surplus.close()

    def _since(self, started: float) -> float:
        return (self._tick() - started) * 1000

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            lines, self._idle = self._idle, []
        for line in lines:
            line.close()


_BY_TYPE: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (TimeoutError, "ETIMEDOUT"),
    (ConnectionRefusedError, "ECONNREFUSED"),
    (ConnectionResetError, "ECONNRESET"),
    (BrokenPipeError, "ECONNRESET"),
    (ConnectionAbortedError, "ECONNABORTED"),
)
#: As Node names what OpenSSL says of a certificate; Segment's list has no code for it. Numbers: OpenSSL's X509_V_ERR.
_CERTIFICATES: Final[Mapping[int, str]] = {
    10: "CERT_HAS_EXPIRED",
    18: "DEPTH_ZERO_SELF_SIGNED_CERT",
    19: "SELF_SIGNED_CERT_IN_CHAIN",
    62: "ERR_TLS_CERT_ALTNAME_INVALID",
}


def failure_code(error: BaseException) -> str:
    """The code Segment shows for a failure of the connection (Event Delivery, error codes)."""
    if isinstance(error, socket.gaierror):
        return "EAI_AGAIN" if error.errno == socket.EAI_AGAIN else "ENOTFOUND"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
    for kind, code in _BY_TYPE:
        if isinstance(error, kind):
            return code
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "EHOSTUNREACH"
    # Also for what is no HTTP at all: a code of its own is not documented.
    return "ECONNRESET"
