"""Limit of waiting callers, so that other callers always find a thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Maximum number of callers that wait at the same time, for faults and for slow operations. Above it, a fault does not
#: delay further calls, and slow operations are refused.
HELD: Final = 256

#: Seconds; shorter waits do not count, and some of them let the bytes before a cut leave the server.
_SHORT: Final = 0.2

_log: Final = logging.getLogger(__name__)


class NoPlaceError(Exception):
    """The maximum number of callers is waiting."""


class HeldCallers:
    """Places for waiting callers.

    :param most: the number of places
    :ivar most: the same
    """

    def __init__(self, most: int = HELD) -> None:
        self.most = most
        self._room = threading.BoundedSemaphore(most)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for a caller while the block runs.

        :raises NoPlaceError: when no place is free
        """
        if not self._room.acquire(blocking=False):
            raise NoPlaceError
        try:
            yield
        finally:
            self._room.release()

    def wait(self, seconds: float) -> None:
        """Wait like ``time.sleep``, or return at once when no place is free; short waits always happen."""
        if seconds <= _SHORT:
            time.sleep(seconds)
            return
        try:
            with self.place():
                time.sleep(seconds)
        except NoPlaceError:
            _log.warning("A fault did not keep its caller waiting: %d callers wait already.", self.most)
