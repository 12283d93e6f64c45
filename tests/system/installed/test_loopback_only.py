"""Nothing leaves the machine: what every process of ours really asks the operating system for is written down."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from tests.system.installed.running import Up

# Python imports this by its name in every process that has the folder on its path, before anything else runs.
LISTENER = """
import os, sys

def write_down(event, arguments, _file={file!r}):
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        address = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        address = arguments
    else:
        return
    place = address[0] if isinstance(address, tuple) else address
    sink = os.open(_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(sink, f"{{os.getpid()}} {{event}} {{place}}\\n".encode())
    os.close(sink)

sys.addaudithook(write_down)
"""


@pytest.fixture
def asked_for(tmp_path: Path, start_up: Callable[[dict[str, str]], Up]) -> tuple[Up, Path]:
    """``tpmock up`` whose processes write down what they connect to, listen at and look up."""
    folder, asked = tmp_path / "listener", tmp_path / "asked"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LISTENER.format(file=str(asked)), encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return start_up({**os.environ, "PYTHONPATH": path}), asked


def order(running: Up) -> None:
    event = {
        "userId": "customer-1",
        "event": "Order Completed",
        "properties": {"order_id": "1001", "email": "ada@example.com"},
    }
    requests.post(f"{running.url}/v1/track", auth=(running.write_key, ""), json=event, timeout=10).raise_for_status()
    running.control.settle()
    assert len(running.control.rows("invitations")) == 1


def is_loopback(place: str) -> bool:
    return place == "localhost" or ipaddress.ip_address(place).is_loopback


def test_one_order_touches_loopback_only(asked_for: tuple[Up, Path]) -> None:
    running, asked = asked_for
    order(running)
    # The mock's and the destination's servers listen without Python's sockets, so the system is asked as well.
    connections = [each for process in running.tree() for each in process.net_connections(kind="inet")]
    places = {address.ip for each in connections for address in (each.laddr, each.raddr) if address}
    assert len([each for each in connections if each.status == psutil.CONN_LISTEN]) >= 2
    assert {place for place in places if not is_loopback(place)} == set()
    lines = [line.split(" ", 2) for line in asked.read_text(encoding="utf-8").splitlines()]
    assert {event for _pid, event, _place in lines} >= {"socket.connect", "socket.bind"}
    assert {place for _pid, _event, place in lines if not is_loopback(place)} == set()
