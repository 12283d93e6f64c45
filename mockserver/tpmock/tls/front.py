"""A server that accepts connections with TLS and without, on one port, in a separate thread of this process."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from tpmock.core.vendor_hosts import vendor_hosts

Address = tuple[str, int]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

#: The first byte of a TLS connection (RFC 8446, 5.1: content type handshake).
_HANDSHAKE: Final = b"\x16"
#: The ClientHello extension with the server's name (RFC 6066, 3).
_HELLO: Final = 4_096
_CHUNK: Final = 65_536

_log = logging.getLogger(__name__)


class Front:
    """Accepts connections and passes their decrypted streams to :meth:`handle`.

    :param tls: its TLS settings
    :param listener: its socket, by default at a free port of loopback
    :ivar address: the socket's address for clients
    """

    def __init__(self, tls: ssl.SSLContext, listener: socket.socket | None = None) -> None:
        self.tls: Final = tls
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0)
        host, port = self._listener.getsockname()[:2]
        self.address: Final[Address] = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="tpmock-tls", daemon=True)

    def start(self) -> None:
        """Start to accept connections."""
        self._thread.start()

    def close(self) -> None:
        """Close all connections and stop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def handle(self, client: Streams, *, encrypted: bool) -> None:
        """Serve a connection, which is closed afterwards.

        :param encrypted: whether it uses TLS
        """
        raise NotImplementedError

    def no_handshake(self, name: str) -> None:
        """Record a client that rejected our certificate.

        :param name: the vendor's host that it requested; empty for none
        """

    def _run(self) -> None:
        accepting = self._loop.create_task(self._accept())
        self._loop.run_forever()
        for task in {accepting, *self._tasks}:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(accepting, *self._tasks, return_exceptions=True))
        self._loop.close()
        self._listener.close()

    async def _accept(self) -> None:
        while True:
            accepted, _ = await self._loop.sock_accept(self._listener)
            task = self._loop.create_task(self._logged(self._serve(accepted)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _logged(self, serving: Coroutine[Any, Any, None]) -> None:
        try:
            await serving
        except Exception:  # noqa: BLE001 - whatever it is
            # A defect of the mock ends one connection, and is logged.
            _log.exception("A connection was given up")

    async def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError, EOFError), accepted:  # one of the two is gone, as happens over the network
            hello = await self._beginning(accepted)
            encrypted = hello[:1] == _HANDSHAKE
            try:
                client = await self._streams(accepted, self.tls if encrypted else None)
            except (OSError, EOFError):
                if encrypted:
                    self.no_handshake(next((name for name in vendor_hosts() if name.encode() in hello), ""))
                raise
            try:
                await self.handle(client, encrypted=encrypted)
            finally:
                client[1].transport.abort()

    async def _beginning(self, accepted: socket.socket) -> bytes:
        readable: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(accepted, _set, readable)
        try:
            await readable
        finally:
            self._loop.remove_reader(accepted)
        return accepted.recv(_HELLO, socket.MSG_PEEK)

    async def _streams(self, accepted: socket.socket, tls: ssl.SSLContext | None) -> Streams:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(lambda: protocol, accepted, ssl=tls)
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def exchange(client: Streams, server: Streams, there: Coroutine[Any, Any, None] | None = None) -> None:
    """Relay bytes in both directions until one side ends.

    :param there: relays what the client sends, by default unchanged
    """
    ways = [
        asyncio.ensure_future(there or copy(client[0], server[1])),
        asyncio.ensure_future(copy(server[0], client[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        client[1].close()
        with suppress(OSError):
            await client[1].wait_closed()
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        server[1].transport.abort()


async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Relay bytes until the source ends."""
    while chunk := await source.read(_CHUNK):
        sink.write(chunk)
        await sink.drain()
