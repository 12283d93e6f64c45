"""Serve a WSGI application with granian, and print a line once it answers.

The mock and the destination are both served this way (decision 0044). It knows neither, so that the destination
can be moved to another repository together with it.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from tpmock.common.body_deadline import BodyDeadline, guard_worker
from tpmock.common.free_port import free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Signals that stop our programs. A closed terminal is one of them, unless nohup has it ignored.
STOPS: Final = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
    STOPS.append(signal.SIGHUP)
#: A parent process sets this variable to ``1`` for a program of ours that must end when its standard input does: a
#: parent that is killed cannot stop it in another way.
END_WITH_STDIN: Final = "END_WITH_STDIN"
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognized here, not bound


class PortTakenError(Exception):
    """Cannot listen at the address; the text is an error message for a person."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files with which a service speaks TLS.

    :param chain: its certificate
    :param key: of its certificate
    :param trusted: the certificate of the authority that signed it
    """

    chain: Path
    key: Path
    trusted: Path


@dataclass(frozen=True, slots=True)
class Service:
    """An application and how to serve it. Picklable, because only Linux forks.

    :param load: makes the application, in the process that serves it
    :param ready: makes the line that is printed once the service answers, from its URL
    :param health: the path that answers 200 then
    :param threads: requests answered at the same time, those whose body is waited for included
    :param stop_within: seconds that a stopping service has before it is killed
    :param tls: with what it speaks TLS; None to speak none
    :param port_option: what chooses its port, for the message that it is taken
    """

    load: Callable[[], WSGIApplication]
    ready: Callable[[str], str]
    health: str
    threads: int
    stop_within: int = 10
    tls: Tls | None = None
    port_option: str = "--port"


def serve(service: Service, host: str, port: int) -> int:
    """Serve until one of the signals in :data:`STOPS`.

    :param port: 0 picks a free one
    :returns: an exit code: 0 when it was asked to stop, 1 when the worker died
    :raises PortTakenError: when it cannot listen at the address
    """
    # Imported here, so that a caller that only reserves a port does not wait for it.
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    follow_starter()
    tls = service.tls
    with reserved(host, port, service.port_option) as chosen:
        server = Server(
            "application",
            # It takes numeric addresses only.
            address=numeric(host),
            port=chosen,
            interface=Interfaces.WSGI,
            # Over TLS, clients would otherwise choose HTTP/2, where no fault can cut a connection.
            http=HTTPModes.auto if tls is None else HTTPModes.http1,
            ssl_cert=tls.chain if tls else None,
            ssl_key=tls.key if tls else None,
            workers=1,
            blocking_threads=service.threads,
            websockets=False,
            log_enabled=False,
            workers_kill_timeout=service.stop_within,
        )
        server.on_startup(partial(_stop_once, server.signal_handler_interrupt))
        try:
            url = address(host, chosen, tls=tls is not None)
            server.serve(target_loader=partial(_load, service, url), wrap_loader=False)
        except SystemExit as end:
            # Ctrl-C reaches the worker too. When the worker ends before its parent looks, granian takes it for a crash.
            return 0 if server.interrupt_signal else int(end.code or 0)
    return 0


def follow_starter() -> None:
    """End when standard input does, if the parent process asked for that (:data:`END_WITH_STDIN`).

    Signals that a parent with threads has blocked, which is inherited, are unblocked. Programs that this one starts do
    not inherit the wish.
    """
    if os.environ.pop(END_WITH_STDIN, "") != "1":
        return
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    threading.Thread(target=_end_with_stdin, name="end-with-stdin", daemon=True).start()


def address(host: str, port: int, *, tls: bool = False) -> str:
    """Return the URL of a service on this machine, without a slash at the end."""
    host = _WILDCARDS.get(host, host)
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def numeric(host: str) -> str:
    """Resolve a host name to the numeric address to listen at.

    :raises OSError: when it cannot be resolved
    """
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])


@contextmanager
def reserved(host: str, port: int, option: str = "--port") -> Iterator[int]:
    """Reserve a port for as long as the block runs.

    granian on Linux shares a port with any program that shares it too and does not notice that it is taken; this does.

    :param port: 0 picks a free one
    :param option: what chooses another port, such as ``--port or TPMOCK_PORT``, for the error message
    :raises PortTakenError: when it is taken or not allowed
    """
    with ExitStack() as stack:
        try:
            place = port or free_port(host)
            family, kind, protocol, _, target = socket.getaddrinfo(host, place, type=socket.SOCK_STREAM)[0]
            probe = stack.enter_context(socket.socket(family, kind, protocol))
            if port and sys.platform != "win32":
                # Closed connections of an earlier run stay at the port for a minute.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            chosen = probe.getsockname()[1]
            if sys.platform == "linux":
                # Bound but not listening: keeps others away, lets granian in.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            else:
                probe.close()
        except (OSError, UnicodeError) as problem:
            why = getattr(problem, "strerror", None) or problem
            raise PortTakenError(
                f"Cannot listen at {host} port {port}: {why}. {_what_to_do(problem, host, port, option)}"
            ) from problem
        # Errors of the block are its own: they are not the port's.
        yield chosen


def _what_to_do(problem: OSError | UnicodeError, host: str, port: int, option: str) -> str:
    if isinstance(problem, UnicodeError | socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL:
        return "Choose an address of this machine with --host."
    holder = _holder(host, port) if problem.errno == errno.EADDRINUSE else ""
    return f"{holder}Choose another with {option}; 0 picks a free one."


def _holder(host: str, port: int) -> str:
    """Return a sentence about the program that listens on a taken port."""
    from tpmock.common.running_mocks import listening_at  # noqa: PLC0415 - only for a mistake

    mock = listening_at(address(host, port)) or listening_at(address(host, port, tls=True))
    if mock is not None:
        return f"The mock that was started in {mock.folder} (process {mock.pid}) is there: use it, or end it. "
    look = f"netstat -ano | findstr :{port}" if sys.platform == "win32" else f"lsof -i :{port}"
    return f"Another program is there; '{look}' shows which. "


def wait_until_ready(
    url: str,
    path: str,
    stopped: Callable[[], bool] = lambda: False,
    headers: Mapping[str, str] | None = None,
    trusted: Path | None = None,
) -> bool:
    """Send requests until one is answered 200.

    :param url: as :func:`address` makes it
    :param stopped: tells when to give up
    :param trusted: the certificate of the authority that is trusted, for a service that speaks TLS
    :returns: whether 200 was answered
    """
    pause = threading.Event()
    scheme, _, host = url.partition("://")
    context = ssl.create_default_context(cafile=trusted) if scheme == "https" else None
    fields = {"Host": host, "Connection": "close", **(headers or {})}
    request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    while not stopped():
        with suppress(OSError):  # not listening yet
            if _is_ok(host, request.encode(), context):
                return True
        pause.wait(0.002)
    return False


def _is_ok(netloc: str, request: bytes, tls: ssl.SSLContext | None) -> bool:
    """Return whether the answer is 200. By hand: an HTTP client takes longer to import than the server to listen."""
    host, _, port = netloc.rpartition(":")
    with ExitStack() as stack:
        peer = stack.enter_context(socket.create_connection((host.strip("[]"), int(port)), timeout=2))
        if tls is not None:
            # The certificate is for this name too, with any address it listens at.
            peer = stack.enter_context(tls.wrap_socket(peer, server_hostname="localhost"))
        answer = stack.enter_context(peer.makefile("rb"))
        peer.sendall(request)
        words = answer.readline(100).split()
        while answer.read(65_536):
            """Read to the end, so that the server is not cut off."""
    return len(words) > 1 and words[1] == b"200"


def _load(service: Service, url: str) -> WSGIApplication:
    if sys.platform != "win32":
        # Blocked until _announce_and_stop takes them, one by one.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    application = service.load()
    guard_worker(BodyDeadline())
    threading.Thread(target=_announce_and_stop, args=(service, url), name="stop", daemon=True).start()
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()
    return application


def _announce_and_stop(service: Service, url: str) -> None:
    """Print the line when the worker answers, then stop the worker on the first signal.

    granian's handlers set an event on which the thread that runs them is waiting. A second signal at the wrong moment,
    and Ctrl-C makes two, finds that event locked by its own thread, and the worker hangs. Here another thread calls the
    handler, once.
    """
    wait_until_ready(url, service.health, trusted=service.tls.trusted if service.tls else None)
    with suppress(OSError):  # the reader of our output may be gone
        sys.stdout.write(service.ready(url) + "\n")
        sys.stdout.flush()
    if sys.platform != "win32":
        signal.sigwait(STOPS)
        stop = signal.getsignal(signal.SIGTERM)
        if callable(stop):
            stop(signal.SIGTERM, None)


def _stop_once(interrupt: Callable[[], None]) -> None:
    """Have the parent process stop on the first signal too, in place of the handlers that granian has just set."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        interrupt()

    if hasattr(signal, "SIGHUP"):
        # granian would restart its worker, and its memory would be lost.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in STOPS:
        signal.signal(number, stop)


def _end_with_stdin() -> None:
    # Not sys.stdin: its buffer has a lock, at which an interpreter that ends fails.
    while os.read(0, 4096):
        """Only the end of the input counts."""
    os.kill(os.getpid(), signal.SIGTERM)


def _follow_parent() -> None:
    """End with the parent process even when it was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
