"""``kill -9`` at any moment, in the middle of a write too: the last good file is there, nothing confirmed is lost.

A hundred kills: ``TPMOCK_KILLS=100 pytest tests/system/installed/test_state_kill.py``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import psutil
import pytest
import requests

from tests.system.installed.running import PATIENCE, Command, ran

KILLS = int(os.environ.get("TPMOCK_KILLS", "4"))
#: Large enough that most of the time is spent in writing the file.
REVIEWS = "5000"


@contextmanager
def keeping(tpmock: Command, folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [*tpmock, "serve", "--port", "0", "--json", "--state", "state", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder) as process:  # noqa: S603 - the command under test
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, process.communicate(timeout=PATIENCE)[1]
            yield json.loads(line)["url"], process
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=PATIENCE)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill all processes at once: none is left to clean up."""
    with suppress(psutil.NoSuchProcess):
        both = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for each in reversed(both):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)


def order(url: str, token: str, unit: str, number: int) -> None:
    invitation = {
        "referenceNumber": str(number),
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
        "serviceReviewInvitation": {},
    }
    answer = requests.post(
        f"{url}/v1/private/business-units/{unit}/email-invitations",
        json=invitation,
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
    )
    assert answer.status_code == 202, answer.text


def access_token(url: str, credentials: dict[str, str]) -> str:
    answer = requests.post(
        f"{url}/v1/oauth/oauth-business-users-for-applications/accesstoken",
        auth=(credentials["apiKey"], credentials["apiSecret"]),
        data={"grant_type": "client_credentials"},
        timeout=PATIENCE,
    )
    return str(answer.json()["access_token"])


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL elsewhere")
def test_nothing_that_was_confirmed_is_lost(tpmock: Command, tmp_path: Path) -> None:
    # Not the command under test: a plain installation has no Faker.
    world = [sys.executable, "-m", "tpmock", "seed", "--reviews", REVIEWS, "-o", str(tmp_path / "world.json")]
    assert ran(world).returncode == 0
    chance = Random(7)  # noqa: S311 - when to kill
    answered = confirmed = 0
    for _ in range(KILLS):
        with keeping(tpmock, tmp_path, "--world", "world.json") as (url, process):
            described = requests.get(f"{url}/_mock/sandboxes/default", timeout=PATIENCE).json()
            found = requests.get(f"{url}/_mock/sandboxes/default/invitations?limit=10000", timeout=PATIENCE).json()
            numbers = [int(row["referenceNumber"]) for row in found["invitations"]]
            assert numbers == list(range(1, len(numbers) + 1))
            assert confirmed <= len(numbers) <= answered + 1
            answered = confirmed = len(numbers)
            credentials = described["credentials"]
            token = access_token(url, credentials)
            threading.Timer(chance.uniform(0.05, 0.4), kill, [process]).start()
            with suppress(requests.ConnectionError):
                while True:
                    order(url, token, credentials["businessUnitId"], answered + 1)
                    answered += 1
                    requests.post(f"{url}/_mock/state", timeout=PATIENCE).raise_for_status()
                    confirmed = answered
    assert list(tmp_path.glob("state.damaged-*")) == []
    assert confirmed > 0


def test_ending_it_politely_keeps_everything(tpmock: Command, tmp_path: Path) -> None:
    with keeping(tpmock, tmp_path) as (url, process):
        credentials = requests.get(f"{url}/_mock/sandboxes/default", timeout=PATIENCE).json()["credentials"]
        order(url, access_token(url, credentials), credentials["businessUnitId"], 1)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    with keeping(tpmock, tmp_path) as (url, _):
        assert requests.get(f"{url}/_mock/sandboxes/default/invitations", timeout=PATIENCE).json()["total"] == 1


def test_a_second_mock_on_the_same_file_is_refused(tpmock: Command, tmp_path: Path) -> None:
    with keeping(tpmock, tmp_path):
        done = ran([*tpmock, "serve", "--port", "0", "--state", "state"], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "Error: Another mock keeps its state in state.\n")


def test_a_damaged_file_is_set_aside_and_the_mock_serves(tpmock: Command, tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"nonsense")
    with keeping(tpmock, tmp_path) as (url, process):
        assert requests.get(f"{url}/_mock/health", timeout=PATIENCE).status_code == 200
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert "The state file state is damaged" in errors
    assert (tmp_path / "state.damaged-1").read_bytes() == b"nonsense"
