"""Many workers share one server, and nothing stays behind, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest

from tests.mock.testing.flakes import run, stayed

PATIENCE = 300

# Holds the run's server until it is released, as a worker does.
HOLDER = """
import sys
from pathlib import Path
from tpmock.testing.shared_server import SharedServer

shared = SharedServer(Path(sys.argv[1]), {})
print(shared.url, flush=True)
sys.stdin.readline()
shared.close()
"""


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS", "TPMOCK_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("seed", [1, 2])
def test_eight_workers_in_random_order_on_one_server(tmp_path: Path, seed: int) -> None:
    outcome = run(tmp_path, workers=8, seed=seed)
    assert outcome.good, outcome.said


def test_a_worker_that_crashes_takes_nothing_with_it(tmp_path: Path) -> None:
    suite = """
        import os
        import signal
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_it(tpmock, number):
            if number == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            assert len(tpmock.journal) == 0
    """
    (tmp_path / "test_crash.py").write_text(textwrap.dedent(suite), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-n2", "-p", "no:randomly", "-p", "no:schemathesis"]
    command += [f"--basetemp={tmp_path / 'temporary'}", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603
    assert "1 failed, 11 passed" in done.stdout, done.stdout
    assert "crashed while running" in done.stdout
    assert stayed(tmp_path) == []


class Holder:
    """A process that holds the server of a folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        self.process.communicate("\n", timeout=PATIENCE)

    def crash(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def holders(tmp_path: Path) -> Iterator[list[Holder]]:
    """Two that want the server at the same time."""
    both = [Holder(tmp_path / "tpmock"), Holder(tmp_path / "tpmock")]
    yield both
    for holder in both:
        if holder.process.poll() is None:
            holder.crash()
    assert ended(tmp_path)


def ended(folder: Path) -> bool:
    """Whether the server of a folder ends within the time a machine under load may need."""
    deadline = monotonic() + PATIENCE
    while servers(folder):
        if monotonic() > deadline:
            return False
        sleep(0.05)
    return True


def servers(folder: Path) -> list[psutil.Process]:
    return [process for process in stayed(folder) if "tpmock.testing.held_server" in process.info["cmdline"]]


def test_all_who_come_get_one_server_and_it_ends_with_the_last(holders: list[Holder], tmp_path: Path) -> None:
    first, second = holders
    assert first.url == second.url
    first.let_go()
    assert len(servers(tmp_path)) >= 1
    second.let_go()
    # The last one waits for its end.
    assert servers(tmp_path) == []


def test_the_server_outlives_a_crash_of_whoever_started_it(holders: list[Holder], tmp_path: Path) -> None:
    assert holders[0].url == holders[1].url
    holders[0].crash()
    third = Holder(tmp_path / "tpmock")
    assert third.url.startswith("http://127.0.0.1:")
    holders[1].let_go()
    assert len(servers(tmp_path)) >= 1
    third.let_go()
    assert servers(tmp_path) == []


def test_the_server_ends_when_all_crash(holders: list[Holder], tmp_path: Path) -> None:
    assert holders[0].url == holders[1].url
    for holder in holders:
        holder.crash()
    assert ended(tmp_path)


def test_a_server_that_was_killed_is_replaced(holders: list[Holder], tmp_path: Path) -> None:
    url = holders[0].url
    assert holders[1].url == url
    for process in servers(tmp_path):
        # One of them may end with another.
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    assert ended(tmp_path)
    third = Holder(tmp_path / "tpmock")
    assert third.url not in ("", url)
    third.let_go()
    # The others hold the new one as well, for as long as they live.
    assert len(servers(tmp_path)) >= 1
