"""Runs the mock behind granian, one process with many threads, so that a slow answer delays its own caller only."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockserver.app import Mock

#: Slow answers that can be under way before others have to wait.
THREADS: Final = 64
#: Seconds a stopping process may take before it is ended.
GRACE: Final = 3

LOOPBACK: Final = "127.0.0.1"


class PortTakenError(Exception):
    """Somebody else listens there. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to listen.

    :param as_json: whether the line that says we are ready is JSON
    """

    host: str
    port: int
    destination_url: str | None = None
    as_json: bool = False

    @property
    def url(self) -> str:
        """The address to call."""
        host = LOOPBACK if self.host in ("0.0.0.0", "") else self.host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def free_port(host: str, wanted: int) -> int:
    """``wanted``, or a free port when that is 0.

    :raises PortTakenError: when it cannot be had
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise PortTakenError(
                f"Cannot listen on {host}:{wanted} ({error.strerror or error}). "
                "Choose another with --port, or let --port 0 pick a free one."
            ) from None
        return int(probe.getsockname()[1])


def run(listening: Listening) -> None:
    """Serve until interrupted or terminated."""
    from granian.server import Server  # noqa: PLC0415 - only a process that serves needs it

    server = Server(
        "mockserver",
        address=listening.host,
        port=listening.port,
        interface="wsgi",
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        log_enabled=False,
        workers_kill_timeout=GRACE,
    )
    server.serve(target_loader=partial(_load, listening), wrap_loader=False)


def _load(listening: Listening) -> Mock:
    """Build the application in the process that serves it, and say so once it really answers."""
    from mockserver.app import Settings, create_app  # noqa: PLC0415 - in the serving process only

    app = create_app(Settings(destination_url=listening.destination_url))
    announce = partial(_announce, listening, sys.stdout.write)
    threading.Thread(target=announce, name="tpmock-ready", daemon=True).start()
    return app


def _announce(listening: Listening, write: Callable[[str], object]) -> None:
    wait_until_ready(listening.url)
    line = {"ready": True, "url": listening.url}
    write((json.dumps(line) if listening.as_json else f"tpmock ready: {listening.url}") + "\n")
    sys.stdout.flush()


def wait_until_ready(url: str, path: str = "/_mock/health", stopped: Callable[[], bool] = lambda: False) -> bool:
    """Ask again and again until the answer is 200.

    :param stopped: tells that it will never come
    :returns: whether it came
    """
    host, _, port = url.removeprefix("http://").rpartition(":")
    pause = threading.Event()
    while not stopped():
        connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except OSError:
            # Not listening yet: that is what we wait for.
            pause.wait(0.01)
        finally:
            connection.close()
    return False
