"""What no client library sends, over a socket, to both programs: each connection ends, and others are served."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from tpmock.common.body_deadline import DEADLINE

from tests.destination.mocked import Process, mocked
from tests.support.sandboxes import basic

MEGABYTE = 1024 * 1024
#: What a sender of endless things sends at most; a program that takes all of it fails the test.
ENDLESS = 128 * MEGABYTE
#: How much more memory than before a program may have.
GROWTH = 64 * MEGABYTE
PIECE = b"x" * 65_536


@dataclass
class Program:
    """A program that serves: where, with which Authorization, and what it has to answer to an ordinary call."""

    url: str
    pid: int
    path: str
    credentials: str
    ordinary: str

    def connect(self) -> socket.socket:
        """A connection whose every step must happen soon."""
        where = urlsplit(self.url)
        return socket.create_connection((where.hostname or "", where.port or 0), timeout=DEADLINE + 10)

    def head(self, *lines: str) -> bytes:
        """The head of a request with a body, with the right credentials, so that the body is wanted."""
        first = f"POST {self.path} HTTP/1.1"
        known = ("Host: localhost", "Content-Type: application/json", f"Authorization: {self.credentials}")
        return "\r\n".join([first, *known, *lines, "", ""]).encode()

    def memory(self) -> int:
        """Bytes that it and its worker have in memory."""
        main = psutil.Process(self.pid)
        return sum(int(one.memory_info().rss) for one in (main, *main.children(recursive=True)))


@pytest.fixture(scope="module", params=["mock", "destination"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with mocked() as mock:
        if request.param == "mock":
            credentials = basic(mock.sandbox["writeKey"])
            yield Program(mock.url, mock.door._process.pid, "/v1/track", credentials, "/_mock/health")
            return
        folder: Path = tmp_path_factory.mktemp("destination")
        process = Process(mock.environment(f"sqlite:///{folder}/x.db") | {"OUTCOME_FOLDER": str(folder / "outcomes")})
        credentials = basic(mock.sandbox["integrationKey"])
        yield Program(process.url, process.pid, "/v1/events", credentials, "/readyz")
        process.close()


def send_without_end(connection: socket.socket, piece: bytes) -> None:
    """Send until the program has had enough."""
    sent = 0
    with suppress(ConnectionError):
        while sent < ENDLESS:
            connection.sendall(piece)
            sent += len(piece)
    assert sent < ENDLESS, "everything was taken"


def half_open(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: 1000") + b"{")
    connection.shutdown(socket.SHUT_WR)


def announced_and_silent(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: 1000") + b"{")


def half_open_in_the_head(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: 1000")[:40])
    connection.shutdown(socket.SHUT_WR)


def chunks_without_end(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Transfer-Encoding: chunked"))
    send_without_end(connection, b"%x\r\n%s\r\n" % (len(PIECE), PIECE))


def a_chunk_that_ends_early(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Transfer-Encoding: chunked") + b"ffff\r\nshort")
    connection.shutdown(socket.SHUT_WR)


def a_chunk_of_no_size(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n")


def a_chunk_beyond_all_sizes(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Transfer-Encoding: chunked") + b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n")


def a_length_below_nothing(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: -1") + b"{}")


def a_length_that_is_no_number(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: 2x") + b"{}")


def two_lengths(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: 2", "Content-Length: 50") + b"{}")


def a_length_beyond_all_memory(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head("Content-Length: 99999999999999"))
    send_without_end(connection, PIECE)


def headers_without_end(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head()[:-2])
    send_without_end(connection, b"X-More: y\r\n" * 1_000)


def a_header_without_end(program: Program, connection: socket.socket) -> None:
    connection.sendall(program.head()[:-2] + b"X-Long: ")
    send_without_end(connection, PIECE)


def no_http(program: Program, connection: socket.socket) -> None:
    connection.sendall(bytes(range(256)) * 4)


WAYS: list[Callable[[Program, socket.socket], None]] = [
    half_open,
    announced_and_silent,
    half_open_in_the_head,
    chunks_without_end,
    a_chunk_that_ends_early,
    a_chunk_of_no_size,
    a_chunk_beyond_all_sizes,
    a_length_below_nothing,
    a_length_that_is_no_number,
    two_lengths,
    a_length_beyond_all_memory,
    headers_without_end,
    a_header_without_end,
    no_http,
]


def answer_of(connection: socket.socket) -> bytes:
    """All that came before the program closed the connection; nothing where that was at once."""
    received = b""
    with suppress(ConnectionError):
        while part := connection.recv(65_536):
            received += part
    return received


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_ends_and_others_are_served(program: Program, way: Callable[[Program, socket.socket], None]) -> None:
    before = program.memory()
    with program.connect() as connection:
        way(program, connection)
        # A server that keeps connections alive would not close a complete request.
        answered = answer_of(connection)
    assert requests.get(program.url.rstrip("/") + program.ordinary, timeout=5).status_code == 200
    status = answered.partition(b"\r\n")[0].split(b" ")[1] if answered else b""
    assert status == b"" or status.startswith(b"4"), answered
    assert program.memory() - before < GROWTH


def test_many_of_them_at_once_keep_no_one_waiting(program: Program) -> None:
    connections = [program.connect() for _ in range(60)]
    try:
        for number, connection in enumerate(connections):
            (announced_and_silent, half_open, half_open_in_the_head)[number % 3](program, connection)
        assert requests.get(program.url.rstrip("/") + program.ordinary, timeout=5).status_code == 200
    finally:
        for connection in connections:
            connection.close()
    assert requests.get(program.url.rstrip("/") + program.ordinary, timeout=5).status_code == 200
