"""Serves a WSGI application by granian and says when it really answers.

Both programs of the house are served this way. It knows neither of them, so that the destination can be lifted out
together with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: What ends our programs. A closed terminal is one of them, unless nohup has said that it shall not be.
STOPS: Final = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
    STOPS.append(signal.SIGHUP)
#: Set to ``1`` by whoever starts a program of ours and wants it to end when its standard input does: the starter may be
#: killed, which it could not tell us otherwise.
END_WITH_STDIN: Final = "END_WITH_STDIN"
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised here, not bound


class PortTakenError(Exception):
    """The address cannot be listened at; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Service:
    """An application and how it wants to be served. Picklable, because only Linux forks.

    :param load: makes the application, in the process that serves it
    :param ready: makes the line that is printed once the service answers at its address
    :param health: the path that answers 200 then
    :param threads: calls answered at the same time; a slow one delays none of the others
    :param stop_within: seconds a stopping service may take before it is ended
    """

    load: Callable[[], WSGIApplication]
    ready: Callable[[str], str]
    health: str
    threads: int
    stop_within: int = 10


def serve(service: Service, host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM.

    :param port: 0 picks a free one
    :returns: an exit code: 0 when it was asked to stop, 1 when the worker died
    :raises PortTakenError: when the address cannot be listened at
    """
    # Whoever only asks for a free port need not wait for a server to be imported.
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    follow_starter()
    with reserved(host, port) as chosen:
        server = Server(
            "application",
            # It takes numbers only, not names.
            address=numeric(host),
            port=chosen,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=service.threads,
            websockets=False,
            log_enabled=False,
            workers_kill_timeout=service.stop_within,
        )
        server.on_startup(partial(_stop_once, server.signal_handler_interrupt))
        try:
            server.serve(target_loader=partial(_load, service, address(host, chosen)), wrap_loader=False)
        except SystemExit as end:
            # Ctrl-C reaches the worker too. When it is gone before its parent looks, granian takes that for a crash.
            return 0 if server.interrupt_signal else int(end.code or 0)
    return 0


def follow_starter() -> None:
    """End when standard input does, where whoever started this program asked for that (:data:`END_WITH_STDIN`).

    A starter with threads may keep signals waiting, which is inherited; what ends us is let through. What this program
    starts in turn is not meant.
    """
    if os.environ.pop(END_WITH_STDIN, "") != "1":
        return
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    threading.Thread(target=_end_with_stdin, name="end-with-stdin", daemon=True).start()


def address(host: str, port: int) -> str:
    """The URL, without a slash at the end, by which a service on this machine is reached."""
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def numeric(host: str) -> str:
    """The address that a name leads to, as it is listened at.

    :raises OSError: when it leads nowhere
    """
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])


@contextmanager
def reserved(host: str, port: int, option: str = "--port") -> Iterator[int]:
    """A port that is ours, for as long as the block runs.

    granian on Linux shares a port with whoever shares it too, so it would not notice that the port is taken; this does.

    :param port: 0 picks a free one
    :param option: what the user would give another port with
    :raises PortTakenError: when it cannot be had
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if port and sys.platform != "win32":
                # Closed connections of an earlier run linger at the port for a minute; they do not matter.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            chosen = probe.getsockname()[1]
            if sys.platform == "linux":
                # Bound but not listening: keeps others away, lets granian in.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            else:
                probe.close()
            yield chosen
    except OSError as problem:
        raise PortTakenError(
            f"Cannot listen at {host} port {port}: {problem.strerror or problem}. "
            f"Choose another with {option}; 0 picks a free one."
        ) from problem


def wait_until_ready(
    url: str,
    path: str,
    stopped: Callable[[], bool] = lambda: False,
    headers: Mapping[str, str] | None = None,
) -> bool:
    """Ask again and again until the answer is 200.

    :param url: as :func:`address` makes it
    :param headers: sent with each question
    :param stopped: tells that it will never come
    :returns: whether it came
    """
    pause = threading.Event()
    place = url.removeprefix("http://")
    lines = {"Host": place, "Connection": "close", **(headers or {})}
    question = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    while not stopped():
        with suppress(OSError):  # not listening yet: that is what we wait for
            if _says_ok(place, question.encode()):
                return True
        pause.wait(0.002)
    return False


def _says_ok(place: str, question: bytes) -> bool:
    """Whether the answer is 200. By hand, as a client for HTTP takes longer to import than a server to listen."""
    host, _, port = place.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=2) as line, line.makefile("rb") as answer:
        line.sendall(question)
        words = answer.readline(100).split()
        # To the end, so that nobody is cut off while speaking.
        while answer.read(65_536):
            """The rest does not count."""
    return len(words) > 1 and words[1] == b"200"


def _load(service: Service, url: str) -> WSGIApplication:
    if sys.platform != "win32":
        # Kept waiting until _attend takes them, one by one.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    application = service.load()
    threading.Thread(target=_attend, args=(service, url), name="attend", daemon=True).start()
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()
    return application


def _attend(service: Service, url: str) -> None:
    """Say when the worker answers, then see to it that it stops when it is told to.

    granian's handlers set an event on which the very thread that runs them is waiting. A second signal at the wrong
    moment, and Ctrl-C makes two, finds that event locked by itself and the worker hangs. Here another thread calls
    the handler, and once.
    """
    wait_until_ready(url, service.health)
    with suppress(OSError):  # whoever read our output may be gone
        sys.stdout.write(service.ready(url) + "\n")
        sys.stdout.flush()
    if sys.platform != "win32":
        signal.sigwait(STOPS)
        stop = signal.getsignal(signal.SIGTERM)
        if callable(stop):
            stop(signal.SIGTERM, None)


def _stop_once(interrupt: Callable[[], None]) -> None:
    """The same care for the parent, in which granian has just set its own handlers; a closed terminal stops it too."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        interrupt()

    if hasattr(signal, "SIGHUP"):
        # granian would start its worker anew, and all that is in its memory would be gone.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in STOPS:
        signal.signal(number, stop)


def _end_with_stdin() -> None:
    # Not sys.stdin: its buffer has a lock, over which an interpreter that ends would fall.
    while os.read(0, 4096):
        """Nobody means anything by what comes; it is the end that counts."""
    os.kill(os.getpid(), signal.SIGTERM)


def _follow_parent() -> None:
    """End with the parent even when it was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
