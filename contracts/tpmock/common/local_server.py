"""Serves a WSGI application in threads of this process, for callers on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tpmock.common.serving import reserved
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _QuietHandler(WSGIRequestHandler):
    """Handler that writes no log line for each request, which would mix with the output of the program."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:  # noqa: ARG002 - Werkzeug's
        """Close the connection where the application cuts it: kept alive, the client would wait for an answer."""
        self.close_connection = True


@contextmanager
def serving(application: WSGIApplication, host: str, port: int) -> Iterator[int]:
    """Serve for the time of the block, and yield the port.

    :param port: 0 picks a free one
    :raises PortTakenError: when the address cannot be listened at
    """
    with reserved(host, port) as free:
        """Werkzeug would end the program when the port is taken; this raises an error instead."""
    server = make_server(host, free, application, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="tpmock-local-server", daemon=True
    )
    thread.start()
    try:
        yield free
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
