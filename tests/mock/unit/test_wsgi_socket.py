"""A connection without a socket, as http.client sees it."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from tpmock.testing.wsgi_socket import WsgiSocket, exchange

Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Any]


def connected(application: App, timeout: float | None = None) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("shop.test", 80)
    line = WsgiSocket(application, "https", "shop.test", 443)
    line.settimeout(timeout)
    connection.sock = line
    return connection


def answered(application: App, method: str = "GET", target: str = "/", **request: Any) -> http.client.HTTPResponse:
    connection = connected(application)
    connection.request(method, target, **request)
    return connection.getresponse()


def echo(environ: dict[str, Any], start: Start) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(body))), ("X-Length", environ["CONTENT_LENGTH"])])
    return [body]


def saying(*parts: bytes, status: str = "200 OK", length: int | None = None) -> App:
    def application(_environ: dict[str, Any], start: Start) -> list[bytes]:
        start(status, [] if length is None else [("Content-Length", str(length))])
        return list(parts)

    return application


def test_the_environment_is_that_of_the_request() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start: Start) -> list[bytes]:
        seen.update(environ)
        return saying(length=0)(environ, start)  # type: ignore[no-any-return]

    answered(
        application, "POST", "/caf%C3%A9/a%2Fb?x=1&y=%20", body=b"{}", headers={"Content-Type": "a/b", "X-It": "1"}
    )
    assert seen["REQUEST_METHOD"] == "POST"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/café/a/b"
    assert seen["QUERY_STRING"] == "x=1&y=%20"
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"], seen["HTTP_X_IT"]) == ("a/b", "2", "1")
    assert (seen["HTTP_HOST"], seen["wsgi.url_scheme"], seen["SERVER_PORT"]) == ("shop.test", "https", "443")


def test_a_body_in_chunks_arrives_whole() -> None:
    answer = answered(echo, "POST", body=iter([b"one ", b"two ", b"three"]), encode_chunked=True)
    assert answer.read() == b"one two three"
    assert answer.headers["X-Length"] == "13"


def test_one_connection_serves_many_requests() -> None:
    connection = connected(echo)
    for body in (b"one", b"", b"three"):
        connection.request("POST", "/", body=body)
        assert connection.getresponse().read() == body


def test_a_body_of_unknown_length_comes_in_chunks() -> None:
    answer = answered(saying(b"one ", b"", b"two"))
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.read() == b"one two"


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")]
)
def test_an_answer_without_a_body_ends(method: str, status: str) -> None:
    answer = answered(saying(status=status), method)
    assert answer.read() == b""
    assert "Transfer-Encoding" not in answer.headers


def test_what_is_there_can_be_read_before_the_rest_has_come() -> None:
    go_on = Event()

    def slow(_environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", "6")])
        yield b"one"
        go_on.wait(10)
        yield b"two"

    answer = answered(slow)
    assert answer.read(3) == b"one"
    go_on.set()
    assert answer.read() == b"two"


def test_a_reader_waits_no_longer_than_it_said() -> None:
    go_on = Event()

    def stalled(_environ: dict[str, Any], start: Start) -> list[bytes]:
        go_on.wait(10)
        return saying(length=0)(_environ, start)  # type: ignore[no-any-return]

    connection = connected(stalled, timeout=0.05)
    connection.request("GET", "/")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    go_on.set()


def test_a_connection_that_is_cut_before_the_answer() -> None:
    def cut(_environ: dict[str, Any], _start: Start) -> list[bytes]:
        raise ConnectionResetError

    with pytest.raises(http.client.RemoteDisconnected):
        answered(cut)


@pytest.mark.parametrize("length", [None, 100])
def test_a_connection_that_is_cut_in_the_middle(length: int | None) -> None:
    def cut(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        yield from saying(b"half", length=length)(environ, start)
        raise ConnectionResetError

    with pytest.raises(http.client.IncompleteRead):
        answered(cut).read()


def test_whoever_stops_reading_ends_the_answer() -> None:
    ended = Event()

    def endless(_environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            while True:
                yield b"more"
        finally:
            ended.set()

    answer = answered(endless)
    answer.read(4)
    answer.close()
    assert ended.wait(10)


def test_a_transport_for_the_control_client() -> None:
    status, body = exchange(echo, "POST", "http://tpmock.localhost/x", {"X-It": "1"}, b"hello")
    assert (status, body) == (200, b"hello")
