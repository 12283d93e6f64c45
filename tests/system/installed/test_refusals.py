"""What cannot be done is said in one sentence, with exit code 2."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.system.installed.running import Command, ran


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def refused(command: Command) -> str:
    """The one sentence; a second one may name the page of the documentation."""
    done = ran(command)
    assert (done.returncode, done.stdout) == (2, "")
    line, *more = done.stderr.splitlines()
    assert len(more) <= 1
    assert all(one.startswith("See 'tpmock docs ") for one in more)
    return line


@pytest.mark.parametrize(
    ("command", "option", "others"),
    [
        ("up", "--port", ["--destination-port", "0"]),
        ("up", "--destination-port", ["--port", "0"]),
        ("serve", "--port", []),
    ],
    ids=["mock of up", "destination of up", "serve"],
)
def test_a_taken_port(tpmock: Command, taken: int, command: str, option: str, others: list[str]) -> None:
    sentence = refused([*tpmock, command, option, str(taken), *others])
    assert f"127.0.0.1 port {taken}" in sentence
    assert f"another with {option} or TPMOCK_" in sentence, "it must name the option that helps"


def test_env_without_a_mock(tpmock: Command) -> None:
    # Bound and not listening: no other program can take it meanwhile, and nothing answers.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        sentence = refused([*tpmock, "env", "--url", url])
    assert url in sentence
    assert "tpmock up" in sentence


def test_env_for_an_unknown_sandbox(tpmock: Command, mock_url: str) -> None:
    assert "There is no sandbox 'nobodys'" in refused([*tpmock, "env", "--url", mock_url, "--sandbox", "nobodys"])
