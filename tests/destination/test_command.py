"""The destination as a person starts it: a real process, a real socket."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import psutil
import pytest
import requests
from click.testing import CliRunner
from tpmock.destination.config import DestinationSettings
from tpmock.destination.ops.cli import destination
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Ledger, OrderEntry, OrderState
from tpmock.destination.storage.migrations import migrate

from tests.destination.conftest import KEY, Answer, StubTrustpilot, order_completed, run_module
from tests.destination.seen import state_of


@pytest.fixture
def environment(settings: DestinationSettings) -> dict[str, str]:
    return {
        **os.environ,
        "INTEGRATION_KEY": KEY,
        "TRUSTPILOT_API_URL": settings.api_url,
        "TRUSTPILOT_INVITATIONS_API_URL": settings.invitations_api_url,
        "TRUSTPILOT_API_KEY": settings.api_key,
        "TRUSTPILOT_API_SECRET": settings.api_secret,
        "TRUSTPILOT_BUSINESS_UNIT_ID": settings.business_unit_id,
        "TRUSTPILOT_BUSINESS_USER_ID": settings.business_user_id,
        "DATABASE_URL": settings.database_url,
    }


@contextmanager
def running(environment: dict[str, str], stderr: IO[str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "tpmock.destination", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
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
        assert answer.json() == {"message": "Invitation requested for order 1001, to the address in properties.email."}
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
        ended = run_module("tpmock.destination", "--port", str(port), env=environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"destination: Cannot listen at 127.0.0.1 port {port}: Address already in use.")
    assert ended.stderr.count("\n") == 1


def test_bad_settings_are_one_sentence_each(environment: dict[str, str]) -> None:
    bad = {"INTEGRATION_KEY": "", "TRUSTPILOT_TIMEOUT": "soon"}
    ended = run_module("tpmock.destination", env={**environment, **bad})
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "destination: INTEGRATION_KEY is missing.",
        "destination: TRUSTPILOT_TIMEOUT must be a number of seconds above 0 and at most 60.",
    ]


def test_a_database_that_cannot_be_opened_is_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    ended = run_module("tpmock.destination", "--database", f"{tmp_path}/missing/x.db", env=environment)
    assert ended.returncode == 2
    assert ended.stderr == "destination: DATABASE_URL cannot be opened: unable to open database file.\n"


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(destination, arguments, env=environment)
    return ended.exit_code, ended.output


@pytest.fixture
def database(settings: DestinationSettings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    migrate(opened, time.time)
    yield opened
    opened.close()


def leave_behind(database: Database, order: str, connection: str = "c") -> None:
    """As a copy does that is killed in the middle of a call, two minutes ago."""
    Ledger(database, lambda: time.time() - 120).reserve(connection, OrderEntry(order))


def test_orders_left_behind_by_a_crash_are_listed(environment: dict[str, str], database: Database) -> None:
    leave_behind(database, "1001")
    Ledger(database, time.time).reserve("c", OrderEntry("1002"))
    code, shown = run(environment, "orders", "--unconfirmed")
    assert code == 0
    assert re.fullmatch(r"\S+Z  unconfirmed  lease +c  1001\n", shown)
    listed = json.loads(run(environment, "orders", "--json")[1])
    assert {order["order_id"]: order["state"] for order in listed["orders"]} == {
        "1001": "unconfirmed",
        "1002": "reserved",
    }


def test_an_empty_list_is_a_sentence(environment: dict[str, str]) -> None:
    assert run(environment, "orders", "--unconfirmed") == (0, "No unconfirmed orders.\n")


@pytest.mark.parametrize(("option", "state"), [("--sent", OrderState.SENT), ("--retry", OrderState.REFUSED)])
def test_a_person_resolves_an_order(
    environment: dict[str, str], database: Database, option: str, state: OrderState
) -> None:
    leave_behind(database, "1001")
    code, said = run(environment, "resolve", "1001", option)
    assert (code, said.startswith("Resolved. ")) == (0, True)
    assert state_of(Ledger(database, time.time), "c", "1001") is state


def test_resolving_needs_an_outcome_an_order_and_one_connection(
    environment: dict[str, str], database: Database
) -> None:
    assert run(environment, "resolve", "1001")[0] == 2
    assert run(environment, "resolve", "1001", "--sent")[0] == 1
    for connection in ("c", "d"):
        leave_behind(database, "1001", connection)
    code, said = run(environment, "resolve", "1001", "--sent")
    assert (code, "--connection: c, d" in said) == (1, True)
    assert run(environment, "resolve", "1001", "--sent", "--connection", "d")[0] == 0
    assert state_of(Ledger(database, time.time), "c", "1001") is OrderState.UNCONFIRMED


def test_keys_are_made_and_replaced(environment: dict[str, str]) -> None:
    first, second = (run(environment, "new-key")[1].strip() for _ in range(2))
    assert run({**environment, "ENCRYPTION_KEYS": first}, "rekey")[1] == "Sealed 1 values under the first key.\n"
    assert run({**environment, "ENCRYPTION_KEYS": f"{second},{first}"}, "rekey")[0] == 0
    assert run({**environment, "ENCRYPTION_KEYS": second}, "rekey")[0] == 0
    code, said = run({**environment, "ENCRYPTION_KEYS": first}, "rekey")
    assert (code, said.startswith("destination: The database was used with other ENCRYPTION_KEYS,")) == (2, True)


def test_forgotten_keys_stop_start_and_rekey_and_are_given_up_only_on_demand(environment: dict[str, str]) -> None:
    key = run(environment, "new-key")[1].strip()
    assert run({**environment, "ENCRYPTION_KEYS": key}, "rekey")[0] == 0
    for arguments in ([], ["rekey"]):
        code, said = run(environment, *arguments)
        assert (code, said.count("\n"), "discard-unreadable" in said) == (2, 1, True)
    asked = CliRunner().invoke(destination, ["discard-unreadable"], env=environment, input="n\n")
    assert (asked.exit_code, "1 in tp_secrets" in asked.output) == (1, True)
    # Nothing was deleted yet.
    assert run({**environment, "ENCRYPTION_KEYS": key}, "rekey")[0] == 0
    assert run(environment, "discard-unreadable", "--yes")[0] == 0
    assert run(environment, "discard-unreadable") == (
        0,
        "Everything in the database can be opened with the configured keys.\n",
    )
    assert run(environment, "rekey")[0] == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_event_under_way_is_brought_to_its_end(
    environment: dict[str, str], trustpilot: StubTrustpilot, database: Database, stop: signal.Signals
) -> None:
    trustpilot.script = [Answer(delay=1.0)]
    with running(environment) as (process, url), ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(requests.post, url, json=order_completed(), auth=(KEY, ""), timeout=10)
        while not trustpilot.calls:
            assert not under_way.done()
        process.send_signal(stop)
        assert under_way.result().status_code == 200
        assert process.wait(10) == 0
    assert state_of(Ledger(database, time.time), "unit-507f191e810c19729de860ea", "1001") is OrderState.SENT


def test_a_log_is_one_json_object_a_line(environment: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as log:
        with running(environment, stderr=log) as (process, url):
            requests.post(url, json=order_completed(), auth=(KEY, ""), timeout=5)
            process.terminate()
            process.wait(10)
        log.seek(0)
        lines = [json.loads(line) for line in log]
    assert [line["what"] for line in lines] == ["event"]


def test_listing_the_command_loads_neither_framework_nor_database() -> None:
    heavy = {"flask", "sqlalchemy", "granian", "cryptography", "prometheus_client"}
    program = f"import sys, tpmock.destination.ops.cli; print({heavy} & set(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "set()\n"


def test_help_has_an_example(environment: dict[str, str]) -> None:
    assert "tpmock destination --port 8090" in run_module("tpmock.destination", "--help", env=environment).stdout


@pytest.mark.parametrize(
    ("path", "key"), [("/connect", ""), ("/", KEY)], ids=["a form without a cookie", "an event with the right key"]
)
def test_slow_bodies_keep_nobody_waiting(environment: dict[str, str], path: str, key: str) -> None:
    credentials = base64.b64encode(f"{key}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Length: 1000\r\n\r\n{{"
    )
    with running(environment) as (_, url), ExitStack() as stack:
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        for _ in range(40):
            slow = stack.enter_context(socket.create_connection((host, int(port))))
            slow.sendall(head.encode())
        began = time.monotonic()
        for probe in ("healthz", "readyz"):
            assert requests.get(url + probe, timeout=5).status_code == 200
        assert time.monotonic() - began < 2
        assert requests.post(url, json=order_completed(), auth=(KEY, ""), timeout=9).status_code == 200
        if not key:  # without waiting for the body
            slow.settimeout(5)
            assert slow.recv(100).split()[1] == b"400"
