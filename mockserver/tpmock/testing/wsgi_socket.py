"""A connection without a socket: a WSGI application in this process answers what an HTTP client writes.

It replaces the socket below ``http.client``, so that a client's own timeouts, retries, redirects, decoding
and errors work as they do over the network, including cut connections.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from http.client import parse_headers
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from tpmock.common.real_time import monotonic

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger(__name__)

_PORTS: Final = {"http": 80, "https": 443}
#: Maximum bytes written ahead of the reader.
MOST_HELD: Final = 256 * 1024
_BODYLESS: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Pipe(io.RawIOBase):
    """Passes bytes from the answering thread to the reading one; its end is the end of the connection.

    :param timeout: seconds a reader waits for more, None for no limit
    """

    def __init__(self, timeout: float | None) -> None:
        super().__init__()
        self._timeout = timeout
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._changed = threading.Condition()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Return the next bytes; empty at the end of the connection.

        :raises TimeoutError: as a socket does
        """
        view = memoryview(buffer).cast("B")
        deadline = None if self._timeout is None else monotonic() + self._timeout
        with self._changed:
            while not self._chunks and not self._ended:
                if not self._changed.wait(None if deadline is None else deadline - monotonic()):
                    raise TimeoutError("timed out")
            if not self._chunks:
                return 0
            chunk = self._chunks.popleft()
            if len(chunk) > len(view):
                self._chunks.appendleft(chunk[len(view) :])
                chunk = chunk[: len(view)]
            self._held -= len(chunk)
            self._changed.notify_all()
        view[: len(chunk)] = chunk
        return len(chunk)

    def put(self, chunk: bytes) -> None:
        """Write more bytes; wait while the buffer is full.

        :raises BrokenPipeError: when the reader has closed
        """
        with self._changed:
            while self._held > MOST_HELD and not self.closed:
                self._changed.wait()
            if self.closed:
                raise BrokenPipeError
            if chunk:
                self._chunks.append(chunk)
                self._held += len(chunk)
            self._changed.notify_all()

    def close(self) -> None:
        """Close the reading side."""
        with self._changed:
            super().close()
            self._changed.notify_all()

    def end(self) -> None:
        """Close the writing side."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class WsgiSocket:
    """Substitute for a connected socket of a client.

    :param scheme: ``http`` or ``https``; nothing is encrypted, because nothing leaves the process
    """

    def __init__(self, application: WSGIApplication, scheme: str, host: str, port: int) -> None:
        self._application = application
        self._scheme, self._host, self._port = scheme, host, port
        self._written = bytearray()
        self._timeout: float | None = None

    def sendall(self, data: ReadableBuffer) -> None:
        """Accept a part of a request."""
        self._written += memoryview(data).cast("B")

    def makefile(self, mode: str, *_: object, **__: object) -> io.BufferedReader:  # noqa: ARG002 - always read
        """Return the stream of the answer."""
        request, self._written = bytes(self._written), bytearray()
        pipe = Pipe(self._timeout)
        environ = _environ(request, self._scheme, self._host, self._port)
        run = (self._application, environ, pipe)
        threading.Thread(target=_answer, args=run, name="tpmock-line", daemon=True).start()
        return io.BufferedReader(pipe)

    def settimeout(self, timeout: float | None) -> None:
        """Return the timeout of a reader."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """Set the timeout of a reader."""
        return self._timeout

    def setsockopt(self, *_: object) -> None:
        """Ignore a socket option."""

    def shutdown(self, how: int) -> None:
        """Ignore a shutdown."""

    def close(self) -> None:
        """Do nothing: an answer ends by itself."""


def _environ(request: bytes, scheme: str, host: str, port: int) -> dict[str, Any]:
    """Return the WSGI environment of a complete request: a client reads after it has sent everything."""
    stream = io.BytesIO(request)
    method, target, version = stream.readline().decode("latin-1").split()
    headers = parse_headers(stream)
    body = stream.read()
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        body = _unchunked(io.BytesIO(body))
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(urlsplit(path).path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": version,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)) if body else headers.get("Content-Length", ""),
        "CONTENT_TYPE": headers.get("Content-Type", ""),
    }
    for name in set(headers) - {"Content-Length", "Content-Type", "Transfer-Encoding"}:
        environ["HTTP_" + name.upper().replace("-", "_")] = ",".join(headers.get_all(name, []))
    return environ


def _unchunked(stream: io.BytesIO) -> bytes:
    parts = []
    while size := int(stream.readline().partition(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    return b"".join(parts)


def _answer(application: WSGIApplication, environ: dict[str, Any], pipe: Pipe) -> None:
    """Run the application, and write its answer into ``pipe``. Where a server cuts the connection, the pipe ends."""
    try:
        _write(_Answered(application, environ), environ["REQUEST_METHOD"], pipe)
    except BrokenPipeError:
        # The client is gone, as happens over the network.
        return
    except ConnectionError:
        # The mock cuts a connection on purpose by raising one.
        _log.debug("the connection is cut", exc_info=True)
    finally:
        pipe.end()


class _Answered:
    def __init__(self, application: WSGIApplication, environ: dict[str, Any]) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.body = cutting(application, environ, self._start)

    @property
    def code(self) -> int:
        """Return the status as a number."""
        return int(self.status.partition(" ")[0])

    def _start(self, status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return _no_write


def _no_write(_chunk: bytes) -> object:
    raise NotImplementedError("write() of WSGI's start_response is not served here; give an iterable back.")


def _write(answered: _Answered, method: str, pipe: Pipe) -> None:
    with contextlib.ExitStack() as stack:
        close = getattr(answered.body, "close", None)
        if close is not None:
            stack.callback(close)
        parts = iter(answered.body)
        first = b""
        if not answered.status:
            # A generator starts its answer at the first part.
            first = next(parts, b"")
        chunked = _head(answered, method, pipe)
        for part in itertools.chain([first], parts):
            if part:
                pipe.put(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
    if chunked:
        pipe.put(b"0\r\n\r\n")


def _head(answered: _Answered, method: str, pipe: Pipe) -> bool:
    """Write status and headers; return whether the body is chunked, because its length is unknown."""
    bodyless = method == "HEAD" or answered.code in _BODYLESS
    chunked = not bodyless and all(name.lower() != "content-length" for name, _ in answered.headers)
    lines = [f"HTTP/1.1 {answered.status}", *(f"{name}: {value}" for name, value in answered.headers)]
    lines += ["Transfer-Encoding: chunked"] if chunked else []
    pipe.put("\r\n".join([*lines, "", ""]).encode("latin-1"))
    return chunked


def exchange(
    application: WSGIApplication, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, bytes]:
    """Make one request in this thread: a transport for a control client.

    :returns: status and body
    """
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {it}" for name, it in headers.items())]
    request = "\r\n".join([*lines, f"Content-Length: {len(body or b'')}", "", ""]).encode("latin-1") + (body or b"")
    answered = _Answered(application, _environ(request, parts.scheme, parts.hostname or "", port))
    content = b"".join(answered.body)
    return answered.code, content


def cutting(application: WSGIApplication, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Cut the connection where granian does: at a length that is not a number, which applications use to request it."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        if any(name.lower() == "content-length" and not value.isdigit() for name, value in headers):
            raise ConnectionAbortedError
        return start_response(status, headers, *error)

    return application(environ, start)
