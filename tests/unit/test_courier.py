"""What goes out, and the codes of what can go wrong."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest
import requests

from mockserver.courier import ANSWER_LIMIT, HttpCourier, failure_code
from tests.stub_destination import Say, StubDestination


@pytest.fixture
def courier() -> Iterator[HttpCourier]:
    made = HttpCourier()
    yield made
    made.close()


def test_a_reply_comes_back_whole(courier: HttpCourier) -> None:
    with StubDestination() as stub:
        reply = courier.post(stub.url, {"Content-Type": "application/json"}, b"{}", 5)
    assert (reply.status, reply.body, reply.error) == (200, b'{"message": "Thanks."}', None)


def test_more_than_enough_is_not_read(courier: HttpCourier) -> None:
    with StubDestination() as stub:
        stub.say = [Say(200, b"x" * (ANSWER_LIMIT * 2))]
        assert len(courier.post(stub.url, {}, b"{}", 5).body) == ANSWER_LIMIT


def test_environment_proxies_are_ignored(courier: HttpCourier, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with StubDestination() as stub:
        assert courier.post(stub.url, {}, b"{}", 5).status == 200


def test_a_closed_port_is_refused(courier: HttpCourier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reply = courier.post(f"http://127.0.0.1:{port}/", {}, b"{}", 5)
    assert (reply.status, reply.error) == (None, "ECONNREFUSED")


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "ENOTFOUND"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "EAI_AGAIN"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "EHOSTUNREACH"),
        (ConnectionAbortedError(), "ECONNABORTED"),
        (ValueError("something nobody foresaw"), "ECONNRESET"),
    ],
)
def test_each_failure_has_segments_code(cause: Exception, code: str) -> None:
    wrapped = requests.ConnectionError("outside")
    wrapped.__cause__ = cause
    assert failure_code(wrapped) == code


def test_silence_is_a_time_out(courier: HttpCourier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert courier.post(url, {}, b"{}", 0.1).error == "ETIMEDOUT"
