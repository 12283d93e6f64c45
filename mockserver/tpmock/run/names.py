"""Name lookups of a watched program: a small DNS server that answers the vendors' names (RFC 1035)."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from tpmock.core.vendor_hosts import vendor_hosts
from tpmock.run.outcomes import Outcome, Outcomes
from tpmock.run.policy import Policy

Address = tuple[str, int]

#: Loopback addresses of the vendors' hosts, for watched programs only.
_FIRST: Final = ipaddress.IPv4Address("127.77.0.1")
_A, _AAAA = 1, 28
_LABEL: Final = 0xC0
_NO_SUCH_NAME: Final = 3
_HEADER: Final = 12
#: Timeout in seconds of the real name server.
_PATIENCE: Final = 5
_TTL: Final = 60


class Names:
    """Answers lookups on loopback.

    :param policy: decides which other names may be looked up
    :param outcomes: counts refused names
    :ivar address: its socket address
    :ivar real: the program's own name server, once it is known
    :ivar permitted: addresses of allowed hosts
    """

    def __init__(self, policy: Policy, outcomes: Outcomes) -> None:
        self._policy = policy
        self._outcomes = outcomes
        self._standing: Final = {host: str(_FIRST + number) for number, host in enumerate(sorted(vendor_hosts()))}
        self.real: Address | None = None
        self.permitted: set[str] = set()
        names = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                query, server = self.request
                # The client may be gone.
                with suppress(OSError, struct.error, IndexError, UnicodeError):
                    server.sendto(names.answer(query), self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address: Final[Address] = ("127.0.0.1", self._server.server_address[1])
        poll = {"poll_interval": 0.02}  # seconds, by which stopping may take longer
        threading.Thread(target=self._server.serve_forever, kwargs=poll, name="tpmock-names", daemon=True).start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def host(self, address: str) -> str | None:
        """Return the vendor's host of a loopback address; None for other addresses."""
        return next((host for host, standing in self._standing.items() if standing == address), None)

    def answer(self, query: bytes) -> bytes:
        """Return the answer to a query, in the form of the real name server."""
        name, end = question(query)
        kind = struct.unpack_from("!H", query, end)[0]
        if name in self._standing:
            record = ipaddress.ip_address(self._standing[name]).packed if kind == _A else b""
            return _answer(query, end + 4, record)
        if self._policy.allows(name) or name == socket.gethostname().lower():
            return self._forwarded(query)
        if kind != _AAAA:
            # Clients ask for both address kinds at once: count one call.
            self._outcomes.add(Outcome.REFUSED, name, f"allow it with --allow-host {name}")
        return _answer(query, end + 4, b"", _NO_SUCH_NAME)

    def _forwarded(self, query: bytes) -> bytes:
        if self.real is None:
            return _answer(query, question(query)[1] + 4, b"", _NO_SUCH_NAME)
        family = socket.AF_INET6 if ":" in self.real[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as real:
            real.settimeout(_PATIENCE)
            real.connect(self.real)
            real.send(query)
            found = real.recv(65_535)
        self.permitted |= set(_addresses(found))
        return found


def question(query: bytes) -> tuple[str, int]:
    """Return the name in a query, and its end.

    :raises IndexError: when the query is damaged
    """
    labels, place = [], _HEADER
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode("latin-1").lower())
        place += 1 + length
    return ".".join(labels), place + 1


def _answer(query: bytes, end: int, record: bytes, status: int = 0) -> bytes:
    # A response with recursion desired and available, and the unchanged question.
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | status, 1, 1 if record else 0, 0, 0)
    body = struct.pack("!HHHIH", 0xC000 | _HEADER, _A, 1, _TTL, len(record)) + record if record else b""
    return head + query[_HEADER:end] + body


def _addresses(answer: bytes) -> Iterator[str]:
    count = struct.unpack_from("!H", answer, 6)[0]
    place = question(answer)[1] + 4
    for _ in range(count):
        while answer[place] and answer[place] < _LABEL:
            place += 1 + answer[place]
        place += 2 if answer[place] >= _LABEL else 1
        kind, length = struct.unpack_from("!H6xH", answer, place)
        place += 10
        if kind in (_A, _AAAA):
            yield str(ipaddress.ip_address(answer[place : place + length]))
        place += length


def name_of(query: Any) -> str:
    """Return the name in a query; empty when it is damaged."""
    with suppress(IndexError):
        return question(bytes(query))[0]
    return ""
