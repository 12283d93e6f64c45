"""Listening beyond this machine: the control API wants a token then, and one is there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from mockserver.client import TOKEN_VARIABLE
from tests.end_to_end.running import PATIENCE, Command, ran

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
        assert ran(command).returncode == 2
        assert ran(command, env={**os.environ, TOKEN_VARIABLE: "ours"}).returncode == 0


def test_up_steers_its_own_mock(tpmock: Command, tmp_path: Path) -> None:
    with listening(tpmock, tmp_path, "up", "--destination-port", "0") as ready:
        assert (status(ready["url"]), status(ready["url"], ready["controlToken"])) == (401, 200)
        assert ready["sandbox"]["id"] == "default"


def test_on_loopback_there_is_none(tpmock: Command, mock_url: str) -> None:
    assert status(mock_url) == 200
