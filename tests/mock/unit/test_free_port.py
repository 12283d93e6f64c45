"""Free ports for programs that are started a moment later."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest
from tpmock.common import free_port


def test_a_free_port_is_none_that_a_connection_takes() -> None:
    found = {free_port.free_port() for _ in range(20)}
    assert max(found) < free_port._first_ephemeral()
    assert len(found) > 1


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", free_port.free_port())) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(random, "sample", lambda *_: [port, port + 1])
        assert free_port.free_port() in {port + 1, 0}


@pytest.mark.parametrize(("text", "first"), [("32768\t60999\n", 32768), ("", 49152), (None, 49152)])
def test_the_system_says_where_ephemeral_ports_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, first: int
) -> None:
    file = tmp_path / "range"
    if text is not None:
        file.write_text(text, encoding="ascii")
    monkeypatch.setattr(free_port, "_RANGE", file)
    assert free_port._first_ephemeral() == first


def test_where_every_port_is_ephemeral_the_system_picks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "range").write_text("1024 65535", encoding="ascii")
    monkeypatch.setattr(free_port, "_RANGE", tmp_path / "range")
    assert free_port.free_port() == 0
