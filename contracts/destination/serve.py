"""Serves a WSGI application by granian and says when it really answers."""

from __future__ import annotations

import http.client
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import click
from granian.constants import Interfaces
from granian.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from flask import Flask

THREADS = 32
"""Events handled at the same time; each may wait for Trustpilot."""

_PATIENCE = 30.0
_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_STOP_WITHIN = 10
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised here, not bound


class PortTakenError(Exception):
    """The address cannot be listened at; the text is a sentence for a person."""


def serve(load: Callable[[], Flask], host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM.

    Prints one line on standard output once the health check answers: ``destination ready: http://HOST:PORT/``.

    :param load: makes the application in the worker process. It must be picklable, because only Linux forks.
    :param port: 0 picks a free one.
    :returns: an exit code: 0 when it was asked to stop, 1 when the worker died.
    :raises PortTakenError: when the address cannot be listened at.
    """
    with _reserved(host, port) as chosen:
        server = Server(
            "contracts.destination",
            address=host,
            port=chosen,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=THREADS,
            websockets=False,
            log_enabled=False,
            workers_kill_timeout=_STOP_WITHIN,
        )
        server.on_startup(partial(_stop_once, server.signal_handler_interrupt))
        try:
            server.serve(target_loader=partial(_load, load, host, chosen), wrap_loader=False)
        except SystemExit as end:
            # Ctrl-C reaches the worker too. When it is gone before its parent looks, granian takes that for a crash.
            return 0 if server.interrupt_signal else int(end.code or 0)
    return 0


def _load(load: Callable[[], Flask], host: str, port: int) -> Flask:
    if sys.platform != "win32":
        # Kept waiting until _attend takes them, one by one.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    app = load()
    threading.Thread(target=_attend, args=(host, port), name="attend", daemon=True).start()
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()
    return app


def _attend(host: str, port: int) -> None:
    """Say when the worker answers, then see to it that it stops when it is told to.

    granian's handlers set an event on which the very thread that runs them is waiting. A second signal at the wrong
    moment, and Ctrl-C makes two, finds that event locked by itself and the worker hangs. Here another thread calls
    the handler, and once.
    """
    _announce(host, port)
    if sys.platform != "win32":
        signal.sigwait(_STOPS)
        stop = signal.getsignal(signal.SIGTERM)
        if callable(stop):
            stop(signal.SIGTERM, None)


def _stop_once(interrupt: Callable[[], None]) -> None:
    """The same care for the parent, in which granian has just set its own handlers; a closed terminal stops it too."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in _STOPS:
            signal.signal(number, signal.SIG_IGN)
        interrupt()

    for number in _STOPS:
        signal.signal(number, stop)


def _announce(host: str, port: int) -> None:
    address = _WILDCARDS.get(host, host)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if _answers(address, port):
            with suppress(OSError):  # whoever read our output may be gone
                click.echo(f"destination ready: http://{f'[{address}]' if ':' in address else address}:{port}/")
            return
        time.sleep(0.005)


def _answers(address: str, port: int) -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _follow_parent() -> None:
    """End with the parent even when it was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """A port that is ours, for as long as the block runs.

    granian on Linux shares a port with whoever shares it too, so it would not notice that the port is taken; this does.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if port and sys.platform != "win32":
                # Closed connections of an earlier run linger at the port for a minute; they do not matter.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            chosen = probe.getsockname()[1]
            if sys.platform == "linux":
                # Bound but not listening: keeps others away, lets granian in.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            else:
                probe.close()
            yield chosen
    except OSError as problem:
        raise PortTakenError(f"Cannot listen at {host} port {port}: {problem.strerror or problem}.") from problem
