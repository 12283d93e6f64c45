"""A body that does not arrive in time is given up; other bodies are not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tpmock.common.body_deadline import BodyDeadline, GuardedInput


class Connection:
    """Granian's side of a request: an answer ends the wait for the body."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.status = 0
        self.body: Iterator[bytes] = iter(())

    def response_iter(self, status: int, headers: list[tuple[str, str]], body: Iterator[bytes]) -> None:
        assert ("Connection", "close") in headers
        self.status, self.body = status, body
        self.answered.set()

    def read(self, *_: int) -> bytes:
        assert self.answered.wait(10), "never given up"
        return b"{"

    readline = read

    def readlines(self, *_: int) -> list[bytes]:
        return [self.read()]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


class Arrived:
    """A body that is there."""

    def read(self, *_: int) -> bytes:
        return b"a\nb"

    def readline(self, *_: int) -> bytes:
        return b""

    def readlines(self, *_: int) -> list[bytes]:
        return [b"a\n", b"b"]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readlines())


@pytest.mark.parametrize("method", ["read", "readline", "readlines"])
def test_a_body_that_does_not_arrive_is_answered_408_and_cut(method: str) -> None:
    connection = Connection()
    body = GuardedInput(connection, connection, BodyDeadline(deadline=0.01))
    with pytest.raises(TimeoutError):
        getattr(body, method)()
    assert connection.status == 408
    assert b"did not arrive" in next(connection.body)
    with pytest.raises(ConnectionResetError):
        next(connection.body)


def test_a_body_that_is_there_is_read() -> None:
    connection = Connection()
    body = GuardedInput(Arrived(), connection, BodyDeadline())
    assert (body.read(), body.readlines(), list(body)) == (b"a\nb", [b"a\n", b"b"], [])
    assert not connection.answered.is_set()


def test_the_longest_wait_ends_when_too_many_wait() -> None:
    deadline, first, second = BodyDeadline(most=1), Connection(), Connection()
    failures: list[Any] = []

    def read() -> None:
        try:
            GuardedInput(first, first, deadline).read()
        except TimeoutError as error:
            failures.append(error)

    waiting = threading.Thread(target=read)
    waiting.start()
    while not deadline._reading:
        """Until the first one waits."""
    second.answered.set()
    assert GuardedInput(second, second, deadline).read() == b"{"
    waiting.join(10)
    assert len(failures) == 1
    assert (first.status, second.status) == (408, 0)


def test_the_runner_meets_a_guarded_input() -> None:
    scopes: list[dict[str, Any]] = []
    run = BodyDeadline().around(lambda _, scope: scopes.append(scope))
    run(Connection(), {"wsgi.input": Arrived()})
    run(Connection(), {})
    assert isinstance(scopes[0]["wsgi.input"], GuardedInput)
    assert scopes[1] == {}
