"""Deadlines for statements, also when PostgreSQL has stopped answering."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from tpmock.destination import logs

PATIENCE: Final = 4.0
"""Seconds for a statement of a thread that has no deadline."""

LONG: Final = 600.0
"""Seconds for background work over all rows of a table."""

_LOOK: Final = 0.1
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.5


def insist(work: Callable[[], None], patience: float, stopped: threading.Event | None = None) -> bool:
    """Do ``work``, again and again with growing pauses while the database refuses it.

    :param patience: seconds after which to give up
    :param stopped: ends the wait early
    :returns: whether it was done
    """
    deadline, stopped = time.monotonic() + patience, stopped or threading.Event()
    longest = _FIRST_PAUSE
    while True:
        try:
            work()
        except SQLAlchemyError as problem:
            logs.unforeseen(problem)
        else:
            return True
        # At random, so that many threads do not come back together.
        pause = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load only
        if time.monotonic() + pause >= deadline or stopped.wait(pause):
            return False
        longest = min(2 * longest, _LONGEST_PAUSE)


class Deadlines:
    """The time that each thread has left for the database."""

    def __init__(self) -> None:
        self._mine = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give all statements of this thread a common deadline."""
        before: float | None = getattr(self._mine, "at", None)
        self._mine.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._mine.at = before

    def left(self) -> float:
        """Return the seconds that this thread has left."""
        at: float | None = getattr(self._mine, "at", None)
        return PATIENCE if at is None else max(0.0, at - time.monotonic())


class ConnectionCutter:
    """Shuts down the sockets of connections whose deadline has passed.

    psycopg waits for a server as long as its socket is open, and a server that is frozen or has lost its network obeys
    no ``statement_timeout``. A shut down socket ends the wait with an error; the pool then replaces the connection.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[float, int]] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, key: int, file_number: int, seconds: float) -> None:
        """Cut a connection unless it is released in time.

        :param file_number: of its socket; a duplicate is kept, which stays valid when the connection is closed
        """
        with self._lock:
            self._watched[key] = (time.monotonic() + seconds, os.dup(file_number))
            if self._thread is None:
                self._thread = threading.Thread(target=self._cut_late, name="connection-cutter", daemon=True)
                self._thread.start()
        self._wake.set()

    def release(self, key: int) -> None:
        """Stop watching a connection."""
        with self._lock:
            watched = self._watched.pop(key, None)
        if watched is not None:
            os.close(watched[1])

    def _cut_late(self) -> None:
        while True:
            self._wake.wait()
            with self._lock:
                if not self._watched:
                    self._wake.clear()
                now = time.monotonic()
                late = [key for key, (at, _) in self._watched.items() if at <= now]
                numbers = [self._watched.pop(key)[1] for key in late]
            for number in numbers:
                with socket.socket(fileno=number) as duplicate, suppress(OSError):  # closed by the server meanwhile
                    duplicate.shutdown(socket.SHUT_RDWR)
            time.sleep(_LOOK)
