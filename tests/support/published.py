"""A published port of a container: another address of this machine, passed on to where a program listens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer


class PublishedPort(ThreadingTCPServer):
    """Listens at a free port, and passes connections on to ``target``, which is known later.

    :ivar target: host and port of the program
    """

    daemon_threads = True
    target: tuple[str, int]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)

    @property
    def url(self) -> str:
        """What is published."""
        return f"http://localhost:{self.server_address[1]}"


class _Connection(BaseRequestHandler):
    server: PublishedPort

    def handle(self) -> None:
        with socket.create_connection(self.server.target, timeout=60) as inside:
            back = threading.Thread(target=_copy, args=(inside, self.request), daemon=True)
            back.start()
            _copy(self.request, inside)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either side may end at any time
        while part := source.recv(65_536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def published() -> Iterator[PublishedPort]:
    """A published port for the time of a test."""
    with PublishedPort() as port:
        thread = threading.Thread(target=port.serve_forever, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            port.shutdown()
            thread.join()
