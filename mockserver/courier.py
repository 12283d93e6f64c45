"""Everything that goes out. Nothing goes anywhere but to an address the user configured."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import requests

#: How many sandboxes' deliveries may be under way at once in one process.
PARALLEL: Final = 8
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
        self._session: requests.Session | None = None

    def _connected(self) -> requests.Session:
        """The session, made when the first thing goes out: a mock that delivers nothing starts faster without it."""
        with self._lock:
            if self._session is None:
                import requests  # noqa: PLC0415
                from requests.adapters import HTTPAdapter  # noqa: PLC0415

                self._session = requests.Session()
                self._session.trust_env = False
                for scheme in ("http://", "https://"):
                    adapter = HTTPAdapter(pool_connections=PARALLEL, pool_maxsize=PARALLEL, max_retries=0)
                    self._session.mount(scheme, adapter)
            return self._session

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Send and wait at most ``timeout`` seconds for each of connecting and answering."""
        session = self._connected()
        started = self._tick()
        try:
            with session.post(
                url, data=body, headers=dict(headers), timeout=timeout, allow_redirects=False, stream=True
            ) as response:
                content = response.raw.read(ANSWER_LIMIT, decode_content=True)
                return Reply(response.status_code, response.headers, content, None, self._since(started))
        except Exception as error:  # noqa: BLE001 - requests, urllib3 and the socket raise kinds of their own
            return Reply(None, {}, b"", failure_code(error), self._since(started))

    def _since(self, started: float) -> float:
        return (self._tick() - started) * 1000

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._session is not None:
                self._session.close()


_BY_TYPE: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (TimeoutError, "ETIMEDOUT"),
    (ConnectionRefusedError, "ECONNREFUSED"),
    (ConnectionResetError, "ECONNRESET"),
    (BrokenPipeError, "ECONNRESET"),
    (ConnectionAbortedError, "ECONNABORTED"),
)


def failure_code(error: BaseException) -> str:
    """The code Segment shows for a failure of the connection (Event Delivery, error codes)."""
    chain: list[object] = [error]
    while chain:
        cause = chain.pop()
        if isinstance(cause, socket.gaierror):
            return "EAI_AGAIN" if cause.errno == socket.EAI_AGAIN else "ENOTFOUND"
        for kind, code in _BY_TYPE:
            if isinstance(cause, kind):
                return code
        if type(cause).__name__ in ("ReadTimeout", "ConnectTimeout", "ReadTimeoutError", "ConnectTimeoutError"):
            return "ETIMEDOUT"
        if isinstance(cause, OSError) and cause.errno == errno.EHOSTUNREACH:
            return "EHOSTUNREACH"
        if isinstance(cause, BaseException):
            chain += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return "ECONNRESET"
