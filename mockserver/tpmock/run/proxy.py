"""The proxy of a run: the mock answers for the vendors' names, other hosts are refused unless the user allows them.

Clients use it as a proxy (CONNECT, an absolute URI), or instead of the real host, with TLS or without: the preload
files of runtimes do the latter.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tpmock.run.outcomes import NO_MOCK, NO_REQUEST, NO_TRUST, Outcome, Outcomes
from tpmock.run.policy import Policy, Upstream
from tpmock.tls.front import Front, Streams, exchange
from tpmock.tls.heads import RELAYED, Head, pass_body, pass_requests, read_head, split_port

_PORTS: Final = {"http": 80, "https": 443}
_CONNECTED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"


class _UpstreamError(OSError):
    """The user's own proxy did not connect."""


@dataclass(frozen=True, slots=True)
class Mock:
    """The mock behind a proxy.

    :param url: its address
    :param sandbox: the name of the sandbox that answers, independent of credentials
    :param trusted: TLS settings for it, if its address is ``https:``
    """

    url: str
    sandbox: str
    trusted: ssl.SSLContext | None = None

    async def open(self) -> Streams:
        """Connect to the mock."""
        address = urlsplit(self.url)
        port = address.port or _PORTS[address.scheme]
        name = "localhost" if self.trusted else None
        return await asyncio.open_connection(address.hostname, port, ssl=self.trusted, server_hostname=name)


class RunProxy(Front):
    """Serves one program.

    :param tls: with a certificate for the vendors' names
    """

    def __init__(self, tls: ssl.SSLContext, mock: Mock, policy: Policy) -> None:
        super().__init__(tls)
        self._mock = mock
        self._policy = policy
        self.outcomes: Final = Outcomes()

    def no_handshake(self, name: str) -> None:
        """Count a program that does not trust our certificate."""
        self.outcomes.add(Outcome.NOT_LED, name or "a host of Trustpilot or Segment", NO_TRUST)

    async def handle(self, client: Streams, *, encrypted: bool) -> None:
        """Serve a connection."""
        if encrypted:
            await self._lead(client, "https", "")
            return
        head = await read_head(client[0])
        if not isinstance(head, Head):
            await _answer(client, HTTPStatus.BAD_REQUEST, "This is the HTTP proxy of tpmock run.")
        elif head.method == "CONNECT":
            await self._connect(client, head)
        else:
            await self._request(client, head)

    # --- CONNECT --------------------------------------------------------------------------------------------------

    async def _connect(self, client: Streams, head: Head) -> None:
        host, port = split_port(head.target)
        if self._policy.leads(host):
            client[1].write(_CONNECTED)
            if port == _PORTS["http"]:
                await self._lead(client, "http", host)
            else:
                await self._lead(await self._with_tls(client, host), "https", host)
        elif not self._policy.allows(host):
            await self._refuse(client, host)
        else:
            try:
                outside = await self._outside(host, port, tunnel=True)
            except OSError as error:
                await _answer(client, HTTPStatus.BAD_GATEWAY, f"{host} cannot be reached: {error}")
                return
            self._note_allowed(host)
            client[1].write(_CONNECTED)
            await exchange(client, outside)

    async def _with_tls(self, client: Streams, host: str) -> Streams:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport = await loop.start_tls(client[1].transport, protocol, self.tls, server_side=True)
        except (OSError, EOFError):
            self.outcomes.add(Outcome.NOT_LED, host, NO_TRUST)
            raise
        if transport is None:
            raise ConnectionAbortedError
        protocol.connection_made(transport)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    # --- leading --------------------------------------------------------------------------------------------------

    async def _lead(self, client: Streams, scheme: str, host: str) -> None:
        """Forward all requests of a connection to the mock.

        :param host: the host of the connection; empty when only the requests name it
        """
        try:
            mock = await self._mock.open()
        except OSError:
            self.outcomes.add(Outcome.NOT_LED, host or "a host of Trustpilot or Segment", NO_MOCK)
            await _answer(client, HTTPStatus.BAD_GATEWAY, f"The mock at {self._mock.url} does not answer.")
            return
        seen = 0

        def led(head: Head) -> bytes:
            nonlocal seen
            seen += 1
            self.outcomes.add(Outcome.LED, host or head.host)
            return head.forwarded(without=(RELAYED,), X_Mock_Relay=f"{scheme} {self._mock.sandbox}")

        try:
            await exchange(client, mock, pass_requests(client[0], mock[1], led))
        finally:
            with suppress(OSError):
                client[1].transport.abort()
            if not seen and host:
                self.outcomes.add(Outcome.NOT_LED, host, NO_REQUEST)

    # --- requests to a proxy, and to the real host without TLS --------------------------------------------------------

    async def _request(self, client: Streams, head: Head) -> None:
        """Answer one request, and close the connection: the next request may be for another host."""
        url = urlsplit(head.target)
        scheme = url.scheme if url.scheme in _PORTS else "http"
        leads = self._policy.leads(head.host)
        if not leads and not url.hostname:
            sentence = "This is the HTTP proxy of tpmock run, which leads Trustpilot's and Segment's hosts to a mock."
            await _answer(client, HTTPStatus.BAD_REQUEST, sentence)
            return
        if not leads and not self._policy.allows(head.host):
            await self._refuse(client, head.host)
            return
        try:
            server, raw = await (self._led(head, scheme) if leads else self._passed(head, url))
        except OSError as error:
            await _answer(client, HTTPStatus.BAD_GATEWAY, f"{head.host} cannot be reached: {error}")
            return
        server[1].write(raw)
        await exchange(client, server, _one_body(head, client, server))

    async def _led(self, head: Head, scheme: str) -> tuple[Streams, bytes]:
        mock = await self._mock.open()
        self.outcomes.add(Outcome.LED, head.host)
        relay = f"{scheme} {self._mock.sandbox}"
        return mock, head.forwarded(without=(RELAYED, "Connection"), Connection="close", X_Mock_Relay=relay)

    async def _passed(self, head: Head, url: SplitResult) -> tuple[Streams, bytes]:
        if url.scheme != "http":
            raise OSError("a proxy is asked for https by CONNECT")
        port = url.port or _PORTS["http"]
        upstream = self._policy.upstream(head.host, port)
        outside = await self._outside(head.host, port, tunnel=False)
        self._note_allowed(head.host)
        if upstream is None:
            return outside, head.forwarded(without=("Connection",), Connection="close")
        more = {"Proxy_Authorization": upstream.authorization} if upstream.authorization else {}
        return outside, head.forwarded(without=("Connection",), whole=True, Connection="close", **more)

    # --- outside --------------------------------------------------------------------------------------------------

    async def _outside(self, host: str, port: int, *, tunnel: bool) -> Streams:
        upstream = self._policy.upstream(host, port)
        if upstream is None:
            return await asyncio.open_connection(host, port)
        server = await asyncio.open_connection(upstream.host, upstream.port)
        if tunnel:
            await _tunnel(server, upstream, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        return server

    async def _refuse(self, client: Streams, host: str) -> None:
        self.outcomes.add(Outcome.REFUSED, host, f"allow it with --allow-host {host}")
        await _answer(client, HTTPStatus.FORBIDDEN, self._policy.sentence(host))

    def _note_allowed(self, host: str) -> None:
        # This machine's own names are always allowed, and few clients use a proxy for them.
        if host in self._policy.allowed or self._policy.network:
            self.outcomes.add(Outcome.ALLOWED, host)


async def _tunnel(server: Streams, upstream: Upstream, target: str) -> None:
    authorization = f"Proxy-Authorization: {upstream.authorization}\r\n" if upstream.authorization else ""
    server[1].write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n".encode("latin-1"))
    answer = await server[0].readuntil(b"\r\n\r\n")
    words = answer.partition(b"\r\n")[0].split(b" ", 2)
    if len(words) < 2 or words[1] != b"200":  # noqa: PLR2004 - version and status
        server[1].transport.abort()
        said = answer.partition(b"\r\n")[0].decode("latin-1")
        raise _UpstreamError(f"the proxy {upstream.host}:{upstream.port} of the environment said {said}")


async def _one_body(head: Head, client: Streams, server: Streams) -> None:
    await pass_body(head, client[0], server[1])
    # Until the client closes: the answer may still be in flight.
    await client[0].read()


async def _answer(client: Streams, status: HTTPStatus, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    client[1].write(head.encode() + body)
    with suppress(OSError):
        await client[1].drain()
        client[1].close()
        await client[1].wait_closed()
