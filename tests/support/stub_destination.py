"""Destination with configured answers that records its requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery as it arrived."""

    headers: Mapping[str, str]
    event: Any


@dataclass(slots=True)
class Say:
    """What to answer. ``status`` 0 cuts the connection."""

    status: int = 200
    body: bytes = b'{"message": "Thanks."}'
    content_type: str = "application/json"
    location: str | None = None
    wait_for: threading.Event | None = None
    close: bool = False


class StubDestination:
    """A real socket. ``say`` answers go out in order, the last one again and again."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.say: list[Say] = [Say()]
        #: Client sockets of its connections.
        self.callers: set[tuple[str, int]] = set()
        #: Released each time a connection was closed from this end.
        self.closings = threading.Semaphore(0)
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.callers.add(self.client_address)
                stub.received.append(Received(dict(self.headers), json.loads(body)))
                said = stub.say.pop(0) if len(stub.say) > 1 else stub.say[0]
                if said.wait_for is not None:
                    said.wait_for.wait(10)
                if said.status == 0:
                    self.close_connection = True
                    return
                self.send_response(said.status)
                self.send_header("Content-Type", said.content_type)
                self.send_header("Content-Length", str(len(said.body)))
                if said.location:
                    self.send_header("Location", said.location)
                if said.close:
                    # Closed, and not announced: as a server does that is tired of an idle connection.
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                """Silence."""

        class Server(ThreadingHTTPServer):
            def shutdown_request(self, request: Any) -> None:
                super().shutdown_request(request)
                stub.closings.release()

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> StubDestination:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
