"""Listening beyond this machine: the control API wants a token then, and one is there."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from tpmock.common.control_client import TOKEN_VARIABLE, ControlClient

from tests.support.programs import needs_curl
from tests.support.published import published
from tests.system.installed.running import PATIENCE, Command, Up, in_bash, ran, up

HIDDEN = re.compile(r'<input type="?hidden"? name="?(\w+)"? value="([^"]*)"')

WILDCARD = "0.0.0.0"  # noqa: S104 - what is tested


@contextmanager
def listening(tpmock: Command, folder: Path, *options: str, **variables: str) -> Iterator[dict[str, Any]]:
    command = [*tpmock, *options, "--host", WILDCARD, "--port", "0", "--json"]
    environment: Mapping[str, str] = {**os.environ, **variables}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment) as process:  # noqa: S603 - the command under test
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(PATIENCE)


def status(url: str, token: str | None = None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return requests.get(f"{url}/_mock/sandboxes", headers=headers, timeout=PATIENCE).status_code


def test_a_token_is_made_and_told_where_none_was_given(tpmock: Command, tmp_path: Path) -> None:
    with listening(tpmock, tmp_path, "serve") as ready, listening(tpmock, tmp_path, "serve") as other:
        tokens = {ready["controlToken"], other["controlToken"]}
        assert len(tokens) == 2
        assert (status(ready["url"]), status(ready["url"], ready["controlToken"])) == (401, 200)


def test_one_from_the_environment_is_not_told(tpmock: Command, tmp_path: Path) -> None:
    with listening(tpmock, tmp_path, "serve", **{TOKEN_VARIABLE: "ours"}) as ready:
        assert "controlToken" not in ready
        assert (status(ready["url"], "other"), status(ready["url"], "ours")) == (401, 200)
        command = [*tpmock, "sandbox", "list", "--url", ready["url"]]
        another_user = {**os.environ, "TPMOCK_HOME": str(tmp_path)}
        assert ran(command, env=another_user).returncode == 2
        assert ran(command, env={**another_user, TOKEN_VARIABLE: "ours"}).returncode == 0
        # The mock has left it for its own user.
        assert ran(command).returncode == 0


def test_up_steers_its_own_mock(tpmock: Command, tmp_path: Path) -> None:
    with listening(tpmock, tmp_path, "up", "--destination-port", "0") as ready:
        assert (status(ready["url"]), status(ready["url"], ready["controlToken"])) == (401, 200)
        assert ready["sandbox"]["id"] == "default"


@needs_curl
def test_what_up_prints_works_on_this_machine(tpmock: Command, tmp_path: Path) -> None:
    with up(tpmock, tmp_path, options=["--host", WILDCARD]) as running:
        in_bash(running.line_after("Send the first order:"))
        ControlClient(running.url, running.address_of("Control token")).call("POST", "/sandboxes/default/settle", {})
        rows = json.loads(in_bash(running.line_after("and see its invitation:")))["invitations"]
        assert [row["referenceNumber"] for row in rows] == ["1001"]
        assert urlsplit(running.address_of("Connect a shop")).hostname == "127.0.0.1"
        assert "Integration Key" in connected(running)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_shop_can_be_connected_where_the_login_leads_back(tpmock: Command, tmp_path: Path, host: str) -> None:
    with up(tpmock, tmp_path, options=["--host", host]) as running:
        assert urlsplit(running.address_of("Connect a shop")).hostname == host
        assert "Integration Key" in connected(running)


def connected(running: Up) -> str:
    """What a shop's owner reads in the end, who begins at the printed address, as a browser on this machine would."""
    begin = running.address_of("Connect a shop")
    person = {name: running.address_of(name) for name in ("username", "password")}
    with requests.Session() as session:
        hidden = dict(HIDDEN.findall(session.get(begin, timeout=PATIENCE).text))
        page = session.post(begin, data={**hidden, "domain": running.address_of("domain")}, timeout=PATIENCE).text
        login = re.search(r'href="([^"]+)"[^>]*>\s*Log in at Trustpilot', page)
        assert login, page
        back = session.post(html.unescape(login[1]), data={**person, "decision": "allow"}, timeout=PATIENCE)
        return back.text


def test_behind_published_ports_what_it_prints_and_the_login_lead_there(tpmock: Command, tmp_path: Path) -> None:
    with published() as port, published() as other:
        options = ["--host", WILDCARD, "--public-url", port.url, "--public-destination-url", other.url]
        with up(tpmock, tmp_path, options=options) as running:
            port.target = ("127.0.0.1", listener(running, "serve"))
            other.target = ("127.0.0.1", listener(running, "destination"))
            assert running.url == port.url
            assert running.address_of("Connect a shop") == f"{other.url}/connect"
            assert "Integration Key" in connected(running)
            with requests.Session() as browser:
                console = browser.get(running.address_of("Console"), timeout=PATIENCE)
            assert (console.status_code, console.url) == (200, f"{port.url}/_mock/console/default/orders/")


def listener(running: Up, command: str) -> int:
    """Return the port in the command line of a program that a running mock has started."""
    lines = [process.cmdline() for process in running.tree()]
    [told] = {line[line.index("--port") + 1] for line in lines if command in line and "--port" in line}
    return int(told)


def test_where_no_shop_can_be_connected_it_says_so(tpmock: Command, tmp_path: Path) -> None:
    with up(tpmock, tmp_path, options=["--host", "127.0.0.2"]) as running:
        assert "Connect a shop        not at this address" in running.printed


def test_on_loopback_there_is_none(tpmock: Command, mock_url: str) -> None:
    assert status(mock_url) == 200
