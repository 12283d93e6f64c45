"""The mock over HTTPS: at its port, at a second port, and with everything around it."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest
from tpmock.common.control_client import ControlClient, UnreachableError
from tpmock.common.serving import END_WITH_STDIN

Start = Callable[..., dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TPMOCK_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "authority" / "authority.pem"


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Starts ``tpmock``; what it says when it is ready."""
    with ExitStack() as stack:

        def started(*arguments: str) -> dict[str, Any]:
            program = subprocess.Popen(  # noqa: S603 - ours
                [sys.executable, "-m", "tpmock", *arguments, "--json"],
                env={**os.environ, END_WITH_STDIN: "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            stack.callback(program.communicate, timeout=60)
            stack.callback(program.terminate)
            assert program.stdout is not None
            said: dict[str, Any] = json.loads(program.stdout.readline())
            return said

        yield started


def get(url: str, trusted: Path, **headers: str) -> Any:
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=str(trusted))))
    opener.addheaders = list(headers.items())
    with opener.open(url, timeout=30) as answer:
        return json.load(answer)


def test_https_at_its_port(start: Start, home: Path) -> None:
    url = start("serve", "--port", "0", "--tls")["url"]
    assert url.startswith("https://127.0.0.1:")
    assert get(f"{url}/_mock/health", home)["status"] == "ok"
    made = ControlClient(url).call("POST", "/sandboxes", {})
    assert made["urls"]["mock"] == url


def test_https_beside_http(start: Start, home: Path) -> None:
    said = start("serve", "--port", "0", "--tls-port", "0")
    assert get(f"{said['tlsUrl']}/_mock/health", home)["status"] == "ok"
    by_http, by_https = (ControlClient(url).sandbox("default") for url in (said["url"], said["tlsUrl"]))
    assert by_http["credentials"] == by_https["credentials"]
    assert by_https["urls"]["mock"] == said["tlsUrl"]


def test_a_relays_mark_is_not_taken_from_callers(start: Start, home: Path) -> None:
    said = start("serve", "--port", "0", "--tls-port", "0")
    with pytest.raises(OSError, match="401"):
        get(f"{said['tlsUrl']}/v1/business-units/find?name=x", home, **{"X-Mock-Relay": "ftp other"})
    [entry] = ControlClient(said["url"]).call("GET", "/sandboxes/default/journal")["journal"]
    assert entry["url"].startswith("https://")
    assert "X-Mock-Relay" not in str(entry)


#: In a separate process: in the tests' process these names stay blocked.
ASK = """
import socket, ssl, sys
port, trusted, name = sys.argv[1:]
context = ssl.create_default_context(cafile=trusted)
with socket.create_connection(("127.0.0.1", int(port)), 30) as plain:
    with context.wrap_socket(plain, server_hostname=name) as secure:
        secure.sendall(b"GET /_mock/health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
        print(secure.recv(12).decode())
"""


@pytest.mark.parametrize("name", ["api.trustpilot.com", "api.segment.io", "localhost"])
def test_the_certificate_is_for_the_vendors_names(start: Start, home: Path, name: str) -> None:
    port = urlsplit(start("serve", "--port", "0", "--tls")["url"]).port
    command = [sys.executable, "-c", ASK, str(port), str(home), name]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert ended.stdout == "HTTP/1.1 200\n", ended.stderr


def test_a_client_that_does_not_trust_the_authority_is_not_served(start: Start, home: Path) -> None:
    url = start("serve", "--port", "0", "--tls")["url"]
    home.unlink()
    with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
        ControlClient(url).call("GET", "/health")


@pytest.mark.parametrize("option", [["--tls"], ["--tls-port", "0"]])
def test_everything_works_with_it(start: Start, option: list[str]) -> None:
    said = start("up", "--port", "0", "--destination-port", "0", *option)
    client = ControlClient(said["tlsUrl"] if "tlsUrl" in said else said["url"])
    person = {"email": "ada@example.com", "name": "Ada"}
    order = {"event": "Order Completed", "userId": "customer-1", "properties": {"order_id": "1001", **person}}
    key = said["sandbox"]["credentials"]["writeKey"]
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    client.request("POST", f"{client.url}/v1/track", order, basic)
    client.call("POST", "/sandboxes/default/settle", {"timeout": "PT20S"})
    [invitation] = client.call("GET", "/sandboxes/default/invitations")["invitations"]
    assert invitation["consumerEmail"] == "ada@example.com"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "--tls", "--tls-port", "0"], "give one of them"),
        (["up", "--port", "8123", "--tls-port", "8123"], "are both 8123"),
    ],
)
def test_options_that_contradict_are_reported(arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "tpmock", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert ended.returncode == 2
    assert words in ended.stderr


@pytest.mark.parametrize("command", ["serve", "up"])
def test_where_no_authority_can_be_kept_it_is_reported(command: str, tmp_path: Path) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("not a folder")
    ended = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "tpmock", command, "--port", "0", "--tls"],
        env={**os.environ, "TPMOCK_HOME": str(in_the_way)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "Name a folder of yours in TPMOCK_HOME" in ended.stderr
    assert "Traceback" not in ended.stderr
