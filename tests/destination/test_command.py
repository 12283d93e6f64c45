"""The destination as a person starts it: a real process, a real socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from contracts.destination.config import Settings
from tests.destination.conftest import KEY, StubTrustpilot, order_completed, run_module


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "INTEGRATION_KEY": KEY,
        "TRUSTPILOT_API_URL": settings.api_url,
        "TRUSTPILOT_INVITATIONS_API_URL": settings.invitations_api_url,
        "TRUSTPILOT_API_KEY": settings.api_key,
        "TRUSTPILOT_API_SECRET": settings.api_secret,
        "TRUSTPILOT_BUSINESS_UNIT_ID": settings.business_unit_id,
        "TRUSTPILOT_BUSINESS_USER_ID": settings.business_user_id,
        "LEDGER_URL": settings.ledger_url,
    }


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "contracts.destination", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("destination ready: http://127.0.0.1:")
            yield process, line.split()[-1]
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_from_its_first_line_until_it_is_stopped(
    environment: dict[str, str], trustpilot: StubTrustpilot, stop: signal.Signals
) -> None:
    with running(environment) as (process, url):
        answer = requests.post(url, json=order_completed(), auth=(KEY, ""), timeout=5)
        assert answer.json() == {"message": "Invitation requested for order 1001."}
        process.send_signal(stop)
        assert process.wait(10) == 0
    assert len(trustpilot.calls) == 1


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_ends_it_cleanly(environment: dict[str, str], stop: signal.Signals) -> None:
    with running(environment) as (process, _):
        parent = psutil.Process(process.pid)
        for each in (*parent.children(recursive=True), parent):
            each.send_signal(stop)
        assert process.wait(5) == 0


def test_the_worker_goes_when_its_parent_is_killed(environment: dict[str, str]) -> None:
    with running(environment) as (process, _):
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait(10)
        _, alive = psutil.wait_procs(children, timeout=10)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


def test_a_chunked_flood_is_cut_short(environment: dict[str, str]) -> None:
    with running(environment) as (_, url):
        flood = (b" " * 65_536 for _ in range(160))
        answer = requests.post(url, data=flood, auth=(KEY, ""), headers={"Content-Type": "application/json"}, timeout=5)
        assert answer.status_code == 413


def test_a_taken_port_is_one_sentence(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_module("contracts.destination", "--port", str(port), env=environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"destination: Cannot listen at 127.0.0.1 port {port}: Address already in use.")
    assert ended.stderr.count("\n") == 1


def test_bad_settings_are_one_sentence_each(environment: dict[str, str]) -> None:
    bad = {"INTEGRATION_KEY": "", "TRUSTPILOT_TIMEOUT": "soon"}
    ended = run_module("contracts.destination", env={**environment, **bad})
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "destination: INTEGRATION_KEY is missing.",
        "destination: TRUSTPILOT_TIMEOUT must be a number of seconds above 0 and at most 60.",
    ]


def test_a_ledger_that_cannot_be_opened_is_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    ended = run_module("contracts.destination", "--ledger", f"{tmp_path}/missing/ledger.db", env=environment)
    assert ended.returncode == 2
    assert ended.stderr == "destination: LEDGER_URL cannot be opened: unable to open database file.\n"


def test_listing_the_command_loads_neither_framework_nor_database() -> None:
    program = "import sys, contracts.destination.cli; print({'flask', 'sqlalchemy', 'granian'} & set(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "set()\n"


def test_help_has_an_example(environment: dict[str, str]) -> None:
    assert "tpmock destination --port 8090" in run_module("contracts.destination", "--help", env=environment).stdout
