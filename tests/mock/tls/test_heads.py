"""Requests on their way through a relay: heads change, bodies pass as they are, several on one connection."""

from __future__ import annotations

import asyncio

import pytest
from tpmock.tls.heads import Head, pass_requests, read_head, split_port


class Sink:
    """What a stream writer is to :func:`pass_requests`."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None:
        """Nothing waits here."""


def passed(sent: bytes) -> tuple[bytes, list[str]]:
    """What becomes of requests, and the targets that were seen."""
    targets: list[str] = []

    def head_of(head: Head) -> bytes:
        targets.append(head.target)
        return head.forwarded(without=("X-Mock-Relay",), X_Mock_Relay="https run")

    async def run() -> bytes:
        source, sink = asyncio.StreamReader(), Sink()
        source.feed_data(sent)
        source.feed_eof()
        await asyncio.wait_for(pass_requests(source, sink, head_of), 10)  # type: ignore[arg-type] # what it uses of one
        return sink.written

    return asyncio.run(run()), targets


GET = b"GET /a HTTP/1.1\r\nHost: api.trustpilot.com\r\n\r\n"
MARK = b"X-Mock-Relay: https run\r\n\r\n"


def test_each_head_of_a_connection_changes() -> None:
    written, targets = passed(GET * 3)
    assert written.count(MARK) == 3
    assert targets == ["/a"] * 3


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 12\r\n\r\nGET /no HTTP",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\n\r\n\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: GET /no HTTP/1.1\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
    ],
)
def test_a_body_passes_and_the_next_head_is_found(body: bytes) -> None:
    _, _, content = body.partition(b"\r\n\r\n")
    written, targets = passed(b"POST /b HTTP/1.1\r\nHost: x\r\n" + body + GET)
    assert targets == ["/b", "/a"]
    assert MARK + content + b"GET /a HTTP/1.1" in written


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /b HTTP/1.1\r\nContent-Length: many\r\n\r\nrest",
        b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrest",
        b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nrest",
        b"no http at all\r\n\r\nrest",
        b"GET /half HTTP/1.1\r\nHost: x\r\nrest",
        b"\r\n" * 50_000 + b"rest",
        b"",
    ],
)
def test_what_is_not_http_passes_to_the_end(sent: bytes) -> None:
    written, _ = passed(sent)
    assert written.endswith(sent[-4:])


def test_a_relays_mark_of_a_caller_does_not_pass() -> None:
    written, _ = passed(GET.replace(b"\r\n\r\n", b"\r\nx-mock-relay: http other\r\n\r\n"))
    assert b"other" not in written


def test_a_proxys_own_headers_do_not_pass() -> None:
    given = b"GET https://u@api.trustpilot.com:443/a?b HTTP/1.1\r\nProxy-Authorization: Basic x\r\nHost: h\r\n\r\n"
    written, _ = passed(given)
    assert written.startswith(b"GET /a?b HTTP/1.1\r\nHost: h\r\n")
    assert b"Proxy" not in written


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        ("https://API.trustpilot.com:443/a", "x", "api.trustpilot.com"),
        ("http://user:secret@api.segment.io", "x", "api.segment.io"),
        ("/a", "Api.Segment.io.:443", "api.segment.io"),
        ("/a", "[::1]:80", "::1"),
    ],
)
def test_the_host_that_is_meant(target: str, host: str, expected: str) -> None:
    assert Head("GET", target, "HTTP/1.1", (f"Host: {host}".encode(),)).host == expected


@pytest.mark.parametrize(
    ("netloc", "expected"),
    [
        ("a:1", ("a", 1)),
        ("a", ("a", 0)),
        ("[::1]:2", ("::1", 2)),
        ("[::1]", ("::1", 0)),
        ("a:x", ("a", 0)),
    ],
)
def test_a_port_is_split_off(netloc: str, expected: tuple[str, int]) -> None:
    assert split_port(netloc) == expected


def test_the_end_is_no_head() -> None:
    async def read() -> Head | bytes:
        source = asyncio.StreamReader()
        source.feed_eof()
        return await read_head(source)

    assert asyncio.run(read()) == b""
