"""Slow callers, and callers that a fault holds, do not delay other callers."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
import requests
from tpmock.common.body_deadline import DEADLINE, READERS
from tpmock.server.serve import ANSWERED, THREADS

from tests.support.doors import OverSocket, Served

ORDINARY = ("/_mock/health", "/v1/business-units/find?name=trustpilotdemo.com&apikey=tpk-demo")
BEGUN = b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"


@pytest.fixture
def served() -> Iterator[Served]:
    server = OverSocket()
    yield server
    server.close()


@contextmanager
def connections(url: str, count: int, request: bytes) -> Iterator[list[socket.socket]]:
    """Connections on which a request was sent and no answer read."""
    address = urlsplit(url)
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            made.append(stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0))))
            made[-1].sendall(request)
        yield made


def assert_others_are_answered(url: str) -> None:
    for path in ORDINARY:
        assert requests.get(f"{url}{path}", timeout=5).status_code in (200, 401)


def test_bodies_that_do_not_arrive_keep_no_one_waiting(served: Served) -> None:
    with connections(served.url, ANSWERED + 6, BEGUN):
        assert_others_are_answered(served.url)


def test_more_slow_bodies_than_there_is_room_for_are_given_up(served: Served) -> None:
    with connections(served.url, READERS, BEGUN) as slow:
        assert_others_are_answered(served.url)
        with connections(served.url, 20, BEGUN) as later:
            assert_others_are_answered(served.url)
            closed, _, _ = select.select([*slow, *later], [], [], 5)
            # Calls are served in parallel, so which of them waits longest is not known.
            assert closed


def test_a_body_that_does_not_arrive_within_the_deadline_is_answered_408(served: Served) -> None:
    with connections(served.url, 1, BEGUN) as [slow]:
        slow.settimeout(DEADLINE + 10)
        with slow.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 408 Request Timeout\r\n"
            assert b"did not arrive in time" in answer.read()
    assert_others_are_answered(served.url)
    # The journal shows the status that the caller got.
    journal = requests.get(f"{served.url}/_mock/sandboxes/default/journal?operation=track", timeout=5).json()["journal"]
    assert [(entry["status"], entry["hint"][:31]) for entry in journal] == [(408, "The body did not arrive within ")]
    assert requests.get(f"{served.url}/_mock/sandboxes/default/segment/events", timeout=5).json()["total"] == 0


def test_callers_that_wait_for_rest_keep_no_one_waiting(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # Takes connections and answers nothing, so that the delivery is under way all the time.
        destination = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/", "settings": {"apiKey": "k"}}
        base = f"{served.url}/_mock/sandboxes/default"
        assert requests.put(f"{base}/segment/destinations/Silent", json=destination, timeout=5).status_code == 200
        write_key = requests.get(base, timeout=5).json()["credentials"]["writeKey"]
        event = {"userId": "1", "event": "Seen"}
        assert requests.post(f"{served.url}/v1/track", json=event, auth=(write_key, ""), timeout=5).status_code == 200
        body = b'{"timeout": "PT30S"}'
        request = (
            b"POST /_mock/sandboxes/default/settle HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        with connections(served.url, THREADS + 24, request) as waiting:
            assert_others_are_answered(served.url)
            answered, _, _ = select.select(waiting, [], [], 5)
            # Callers without a place are refused at once.
            assert {one.recv(12) for one in answered} == {b"HTTP/1.1 429"}
            assert requests.post(f"{base}/clock/advance", json={"by": "PT1S"}, timeout=5).status_code == 429


def test_callers_held_by_a_fault_keep_no_one_waiting(served: Served) -> None:
    armed = requests.post(
        f"{served.url}/_mock/sandboxes/default/faults",
        json={"fault": "findBusinessUnit timeout 30s always"},
        timeout=5,
    )
    assert armed.status_code == 201, armed.text
    request = b"GET /v1/business-units/find?name=a.example HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connections(served.url, ANSWERED + 6, request):
        began = time.monotonic()
        for path in ("/_mock/health", "/v1/business-units/all"):
            assert requests.get(f"{served.url}{path}", timeout=5).status_code in (200, 401)
        assert time.monotonic() - began < 5
