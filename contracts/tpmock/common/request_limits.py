"""WSGI middleware that keeps slow callers from taking the threads that serve the others.

``wsgi.input.read`` of granian's WSGI server blocks its thread until the body arrives, its caller goes, or the deadline
of :mod:`tpmock.common.body_deadline` ends the connection (decisions 0051 and 0140).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_UNAVAILABLE: Final = "503 Service Unavailable"


class BusyError(Exception):
    """Too many requests of a group wait for their bodies; answer 503."""


class _Place:
    """A place among the requests that are handled at the same time."""

    def __init__(self, places: threading.BoundedSemaphore, patience: float) -> None:
        self._places = places
        self._patience = patience
        self._held = False

    def take(self) -> bool:
        """Wait for a place, and return whether there was one."""
        self._held = self._places.acquire(timeout=self._patience)
        return self._held

    def give(self) -> None:
        """Give the place to another request."""
        if self._held:
            self._held = False
            self._places.release()


class _Body(io.RawIOBase):
    """A body; while its request waits for it, that has no place."""

    def __init__(self, source: Any, readers: threading.BoundedSemaphore, place: _Place) -> None:
        self._source = source
        self._readers = readers
        self._place = place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._readers.acquire(blocking=False):
            raise BusyError
        self._place.give()
        try:
            part = self._source.read(len(buffer))
        except TimeoutError as late:
            # Answered 408 already: this is for the log.
            raise BusyError from late
        finally:
            self._readers.release()
        if not self._place.take():
            raise BusyError
        buffer[: len(part)] = part
        return len(part)


class RequestLimits:
    """Bounds the requests in work, and apart from these the ones that wait for a body. Probes are always served.

    The server needs ``working + waiting + spare`` threads, so that probes always find one. What is made of an answer
    while it is sent is not counted.

    :param readers: bounds the requests that wait for their bodies at the same time, by a group of callers that the
        request's environment tells; all groups together must leave room in ``waiting``
    :param probes: paths that are always served
    :param working: requests handled at the same time
    :param waiting: requests that may wait for a place among them, for ``patience`` seconds; others are answered 503
    """

    spare: Final = 8

    def __init__(
        self,
        application: WSGIApplication,
        readers: Callable[[WSGIEnvironment], threading.BoundedSemaphore],
        *,
        probes: Collection[str],
        working: int,
        waiting: int,
        patience: float,
    ) -> None:
        self._application = application
        self._readers = readers
        self._probes = probes
        self._places = threading.BoundedSemaphore(working)
        self._queue = threading.BoundedSemaphore(working + waiting)
        self._patience = patience

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        place = _Place(self._places, self._patience)
        environ["wsgi.input"] = io.BufferedReader(_Body(environ["wsgi.input"], self._readers(environ), place))
        if environ.get("PATH_INFO") in self._probes:
            return self._application(environ, start_response)
        if self._queue.acquire(blocking=False):
            try:
                if place.take():
                    return self._application(environ, start_response)
            finally:
                place.give()
                self._queue.release()
        start_response(_UNAVAILABLE, [("Content-Length", "0"), ("Retry-After", "1")])
        return [b""]
