"""Deadline for request bodies under granian, which has no such deadline (decision 0140).

granian reads a body when the application asks for it, and the application's thread waits for what has not arrived. A
caller that announces 1,000 bytes and sends one keeps that thread for as long as the connection lives. Here such a
caller is answered 408 and its connection is closed, which ends the wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream

#: Seconds in which a whole body has to arrive, counted from the first read.
DEADLINE: Final = 10.0
#: The most bodies that requests wait for at the same time; beyond that, the longest wait ends.
READERS: Final = 256
#: Seconds between two looks at the clock.
_PAUSE: Final = 0.5
#: Seconds to send an answer before its connection is closed.
_FLUSH: Final = 0.1
_HEADERS: Final = [("Connection", "close"), ("Content-Type", "text/plain; charset=utf-8")]
#: The response to such a caller.
SENTENCE: Final = b"The request body did not arrive in time.\n"

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class _Connection(Protocol):
    """Answer of granian to a request; any thread may give it, and only the first one counts."""

    def response_iter(self, status: int, headers: list[tuple[str, str]], body: Iterator[bytes]) -> None: ...


class BodyDeadline:
    """Ends requests whose bodies do not arrive in time. One thread watches all requests of a process.

    :param most: the most bodies that requests wait for at the same time
    """

    def __init__(self, deadline: float = DEADLINE, most: int = READERS) -> None:
        self._deadline = deadline
        self._most = most
        #: The bodies that a thread is reading right now, the longest first.
        self._reading: dict[GuardedInput, None] = {}
        threading.Thread(target=self._watch, name="body-deadline", daemon=True).start()

    def around(self, runner: Callable[[Any, dict[str, Any]], Any]) -> Callable[[Any, dict[str, Any]], Any]:
        """Return granian's function that runs one request, with a guarded input."""

        def run(connection: _Connection, scope: dict[str, Any]) -> Any:
            if "wsgi.input" in scope:
                scope["wsgi.input"] = GuardedInput(scope["wsgi.input"], connection, self)
            return runner(connection, scope)

        return run

    def begin(self, body: GuardedInput) -> None:
        """Note that a thread reads from this body."""
        self._reading[body] = None
        if len(self._reading) > self._most:
            # list() of a dictionary is atomic; another thread may have ended it since.
            for longest in list(self._reading)[:1]:
                longest.give_up()

    def end(self, body: GuardedInput) -> None:
        """Note that the thread stopped reading."""
        self._reading.pop(body, None)

    def _watch(self) -> None:
        while True:
            time.sleep(_PAUSE)
            latest = time.monotonic() - self._deadline
            for body in list(self._reading):
                if body.began < latest:
                    # Each in its own thread, as sending the answer takes a moment.
                    threading.Thread(target=body.give_up, args=(_FLUSH,), name="body-given-up", daemon=True).start()


class GuardedInput:
    """A WSGI input stream that raises :class:`TimeoutError` when the body did not arrive in time."""

    __slots__ = ("_connection", "_deadline", "_given_up", "_input", "began")

    def __init__(self, stream: InputStream, connection: _Connection, deadline: BodyDeadline) -> None:
        self._input = stream
        self._connection = connection
        self._deadline = deadline
        self._given_up = False
        #: When it was first read from, by the monotonic clock; 0 before.
        self.began = 0.0

    def read(self, *size: int) -> bytes:
        """Read as a file does."""
        return self._guarded(self._input.read, *size)

    def readline(self, *size: int) -> bytes:
        """Read a line."""
        return self._guarded(self._input.readline, *size)

    def readlines(self, *hint: int) -> list[bytes]:
        """Read the lines that are left."""
        return self._guarded(self._input.readlines, *hint)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _guarded(self, read: Callable[..., _T], *size: int) -> _T:
        self.began = self.began or time.monotonic()
        self._deadline.begin(self)
        try:
            part = read(*size)
        finally:
            self._deadline.end(self)
        if self._given_up:
            raise TimeoutError("the request body did not arrive in time")
        return part

    def give_up(self, flush: float = 0.0) -> None:
        """Answer 408 and close the connection, which ends the wait of the reading thread.

        :param flush: seconds before the connection is closed; without any, the answer may be lost
        """
        self._deadline.end(self)
        self._given_up = True
        self._connection.response_iter(408, list(_HEADERS), _cut_off(flush))


def _cut_off(flush: float) -> Iterator[bytes]:
    """Yield a body of unknown length that breaks off.

    Only then does granian's HTTP library close a connection on which a request is still coming in.
    """
    yield SENTENCE
    time.sleep(flush)
    raise ConnectionResetError("the body did not arrive in time")


def guard_worker(deadline: BodyDeadline) -> None:
    """Guard every request of granian's worker in this process. Call it before the worker serves.

    granian has no hook at which an application meets the connection of a request: its own function that runs requests
    is wrapped where the worker looks it up.
    """
    from granian.server import mp  # noqa: PLC0415 - in a serving process only

    runner_of = vars(mp).get("_wsgi_call_wrap")
    if runner_of is None:
        _log.warning(
            "This version of granian does not allow a deadline for request bodies; slow callers hold a thread."
        )
        return

    def guarded(application: Any, scope: dict[str, Any], *log: Any) -> Callable[[Any, dict[str, Any]], Any]:
        return deadline.around(runner_of(application, scope, *log))

    vars(mp)["_wsgi_call_wrap"] = guarded
