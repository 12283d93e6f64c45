"""Programs that ignore every variable: led by the kernel's help on Linux, or at least told."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from tests.system.run.conftest import Runs, extension, found

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="programs are watched on Linux (x86_64, aarch64) only: nothing is seen of those that ignore every variable",
)


@pytest.fixture(autouse=True)
def watches(tpmock_run: Runs) -> None:
    """Skip where the kernel or a container refuses to watch."""
    ended = tpmock_run("--", "true")
    if "were not checked" in ended.errors:
        pytest.skip(f"this system does not let programs be watched: {ended.errors}")


#: -I: without what Python loads at its start; it knows no proxy, and trusts what SSL_CERT_FILE names.
PLANTED = """
import http.client, os
client = http.client.HTTPSConnection("api.trustpilot.com", timeout=20)
key = os.environ["TRUSTPILOT_API_KEY"]
client.request("GET", "/v1/business-units/find?name=trustpilotdemo.com", headers={"apikey": key})
print(client.getresponse().status)
"""


def test_a_program_that_knows_no_proxy_is_led(tpmock_run: Runs) -> None:
    ended = tpmock_run("--", sys.executable, "-I", "-c", PLANTED)
    assert ended.output == "200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


def test_a_static_program_that_knows_no_proxy_is_led(tpmock_run: Runs, go_program: Path) -> None:
    ended = tpmock_run("--", go_program, "without-proxy")
    assert ended.output == "200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


def test_phps_sockets_are_led(tpmock_run: Runs) -> None:
    code = """
    $peer = fsockopen('ssl://api.trustpilot.com', 443, $code, $message, 20);
    fwrite($peer, "GET /v1/categories HTTP/1.1\\r\\nHost: api.trustpilot.com\\r\\nConnection: close\\r\\n\\r\\n");
    echo fgets($peer);
    """
    php = found("php")
    extension([php, "-r", "exit(extension_loaded('openssl') ? 0 : 1);"], "PHP's openssl extension")
    ended = tpmock_run("--", php, "-r", code)
    assert ended.output.startswith("HTTP/1.1 401"), ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


def test_one_that_ignores_every_variable_is_told_with_its_host(tpmock_run: Runs) -> None:
    ended = tpmock_run("--", "env", "-i", "TRUSTPILOT_API_KEY=key", sys.executable, "-I", "-c", PLANTED)
    assert "CERTIFICATE_VERIFY_FAILED" in ended.errors
    [line] = ended.report
    assert line.startswith("not led api.trustpilot.com 1 the program does not accept the certificate")
    assert ended.code == 1


@pytest.mark.parametrize("host", ["192.0.2.7", "shop.example.com"])
def test_other_hosts_are_refused_and_reported(tpmock_run: Runs, host: str) -> None:
    code = f"import socket; socket.create_connection(({host!r}, 443), 20)"
    ended = tpmock_run("--", sys.executable, "-I", "-c", code)
    assert ended.code == 1
    assert ended.report == [f"refused {host} 1 allow it with --allow-host {host}"]


def test_datagrams_are_refused_and_reported(tpmock_run: Runs) -> None:
    code = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.7', 7))"
    ended = tpmock_run("--", sys.executable, "-I", "-c", code)
    assert "ConnectionRefusedError" in ended.errors
    assert ended.report == ["refused 192.0.2.7 1 allow it with --allow-host 192.0.2.7"]


def test_this_machine_is_called_as_ever(tpmock_run: Runs) -> None:
    code = """
import os, socket, threading
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        continue  # no IPv6 here
    with socket.create_connection(server.getsockname()[:2], 20), server.accept()[0]:
        print("connected")
one, other = socket.socketpair()
one.send(b"local")
print(other.recv(5).decode())
"""
    ended = tpmock_run("--", sys.executable, "-I", "-c", code)
    assert ended.output.split()[-1] == "local", ended.errors
    assert ended.output.startswith("connected")
    assert ended.report == []


def test_children_are_watched_too(tpmock_run: Runs) -> None:
    code = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-I', '-c', {PLANTED!r}]))"
    ended = tpmock_run("--", sys.executable, "-I", "-c", code)
    assert ended.output == "200\n", ended.errors


def test_without_watching_it_is_said(tpmock_run: Runs) -> None:
    ended = tpmock_run("--no-watch", "--", "true")
    assert "requests that bypass the proxy were not checked (--no-watch)" in ended.errors
