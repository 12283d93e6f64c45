"""HTTP/1.1 requests that pass through a :class:`~tpmock.tls.front.Front`: heads change, bodies stay unchanged.

Data that is not valid HTTP passes unchanged too: the mock refuses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tpmock.tls.front import copy

#: Header in which a relay passes the scheme of a request and its sandbox to the mock.
RELAYED: Final = "X-Mock-Relay"
_END: Final = b"\r\n\r\n"
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    :param fields: header lines, unchanged
    """

    method: str
    target: str
    version: str
    fields: tuple[bytes, ...] = field(default=())

    def value(self, name: str) -> str:
        """Return a header's value in lower case, the first of that name; empty if missing."""
        for line in self.fields:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode("latin-1").lower()
        return ""

    @property
    def host(self) -> str:
        """Return the target host, without its port."""
        target = self.target.partition("://")[2].partition("/")[0].rpartition("@")[2] if "://" in self.target else ""
        return split_port(target or self.value("host"))[0]

    def forwarded(self, *, without: tuple[str, ...] = (), whole: bool = False, **more: str) -> bytes:
        """Return it for a server: with a path as its target, and without the headers for a proxy.

        :param without: names of headers to remove
        :param whole: keep the target, for a server that is a proxy itself
        :param more: headers to add, with ``_`` for ``-``
        """
        left_out = {name.lower().encode() for name in ("Proxy-Connection", "Proxy-Authorization", *without)}
        target = self.target
        if "://" in target and not whole:
            _, slash, path = target.partition("://")[2].partition("/")
            target = f"/{path}" if slash else "/"
        lines = [
            f"{self.method} {target} {self.version}".encode("latin-1"),
            *(line for line in self.fields if line.partition(b":")[0].strip().lower() not in left_out),
            *(f"{name.replace('_', '-')}: {value}".encode("latin-1") for name, value in more.items()),
        ]
        return b"\r\n".join(lines) + _END


async def read_head(source: asyncio.StreamReader) -> Head | bytes:
    """Read the next head; return bytes for data that is not valid, and at the end."""
    try:
        raw = await source.readuntil(_END)
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError:
        return await source.read(_CHUNK)
    first, *fields = raw[: -len(_END)].split(b"\r\n")
    words = first.decode("latin-1").split(" ")
    return Head(words[0], words[1], words[2], tuple(fields)) if len(words) == 3 else raw  # noqa: PLR2004


async def pass_requests(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, head_of: Callable[[Head], bytes]
) -> None:
    """Relay requests until the client ends.

    :param head_of: converts a head
    """
    while isinstance(head := await read_head(source), Head):
        sink.write(head_of(head))
        if not await pass_body(head, source, sink):
            head = b""
            break
    # The rest is not HTTP that we can parse.
    sink.write(head)
    await copy(source, sink)


async def pass_body(head: Head, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> bool:
    """Relay the body of a request.

    :returns: whether its end is known, so that another request may follow
    """
    if "chunked" in head.value("transfer-encoding"):
        return await _pass_chunks(source, sink)
    length = head.value("content-length") or "0"
    if not (length.isascii() and length.isdigit()):
        return False
    await _pass_bytes(int(length), source, sink)
    return True


async def _pass_chunks(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> bool:
    while True:
        line = await source.readuntil(b"\n")
        sink.write(line)
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError:
            return False
        if size < 0:
            return False
        if size == 0:
            break
        await _pass_bytes(size + 2, source, sink)
    # Trailers, up to an empty line.
    while line.strip():
        line = await source.readuntil(b"\n")
        sink.write(line)
    await sink.drain()
    return True


async def _pass_bytes(left: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while left and (chunk := await source.read(min(left, _CHUNK))):
        left -= len(chunk)
        sink.write(chunk)
        await sink.drain()
    await sink.drain()


def split_port(netloc: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[address]:port``, the port 0 if missing."""
    host, colon, port = netloc.rpartition(":")
    if not colon or "]" in port:
        host, port = netloc, ""
    return host.strip("[]").lower().rstrip("."), int(port) if port.isascii() and port.isdigit() else 0
