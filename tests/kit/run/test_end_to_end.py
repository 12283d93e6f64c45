"""The whole command, as a user runs it: real mock, real subjects, real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import case_files
from tpmock.kit.subjects import contract_subject
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.subjects import RunningSubject

from tests.support import ROOT

COMMAND = [sys.executable, "-m", "tpmock.kit"]

# Answers nothing, and leaves its own and its child's process id where a test finds them.
SLEEPER = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid} {os.getppid()}")
time.sleep(60)
"""


def kit(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - ours


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_the_bundled_destination_passes_every_case() -> None:
    ran = kit("--json", "--seed", "1")
    document = json.loads(ran.stdout)
    results = {case["id"]: case["result"] for case in document["cases"]}
    strict = {"DEST-013", "DEST-014"}  # for subjects that claim to read the documented names only
    assert results == {
        case.id: "not-applicable" if case.id in strict else "passed"
        for case in case_files.load_plan("segment-destination")
    }
    assert (ran.returncode, ran.stderr) == (0, "")


def test_two_runs_of_one_seed_differ_in_times_only() -> None:
    first, second = (json.loads(kit("--json", "--seed", "2", "--case", "DEST-02").stdout) for _ in range(2))
    for document in (first, second):
        for part in (document["summary"], *document["cases"]):
            del part["milliseconds"]
    assert first == second


def test_any_program_can_be_judged() -> None:
    ran = kit(
        "--command",
        "{python} -m tpmock.mutants ignores-missing-email --port {port}",
        *("--case", "DEST-020", "--case", "DEST-002"),
    )
    assert ran.returncode == 1
    assert "passed         DEST-002" in ran.stdout
    assert "failed         DEST-020" in ran.stdout
    assert "expected   status 400" in ran.stdout


def test_a_subject_that_cannot_start_makes_the_run_impossible() -> None:
    ran = kit("--command", "{python} -c \"raise SystemExit('no licence')\"", "--json", "--case", "DEST-00")
    assert ran.returncode == 2
    first, *others = json.loads(ran.stdout)["cases"]
    assert first["result"] == "failed"
    assert {case["result"] for case in others} == {"not-run"}
    assert "no licence" in ran.stderr


def test_a_program_that_answers_already_is_not_taken_for_the_subject(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{other.server_port}"
        contract = tmp_path / "contract.toml"
        contract.write_text(
            'plans = ["segment-destination"]\n[subject]\nname = "mine"\n'
            '[start]\ncommand = ["{python}", "-m", "tpmock.mutants", "silent", "--port", "0"]\n'
            f'[events]\nto = "{address}"\n'
        )
        ran = kit("--contract", str(contract), "--case", "DEST-00")
        other.shutdown()
    assert ran.returncode == 2
    assert f"{address} answers before mine is started. End the program that listens there" in ran.stdout
    assert len(ran.stdout.splitlines()) < 20


def test_a_mock_that_is_not_there_makes_the_run_impossible() -> None:
    ran = kit("--mock", "http://127.0.0.1:9", "--case", "DEST-001")
    assert ran.returncode == 2
    assert "The run was impossible. No mock answers at http://127.0.0.1:9" in ran.stdout


def test_an_unknown_mutant_makes_the_run_impossible(mock: ControlClient) -> None:
    ran = kit("--mock", mock.url, "--mutant", "unknown", "--case", "DEST-001")
    assert ran.returncode == 2
    assert "The mutant unknown ended with exit code 2" in ran.stdout


@pytest.fixture
def running(mock: ControlClient) -> Iterator[tuple[SandboxClient, RunningSubject]]:
    """A destination that the user has started."""
    sandbox = SandboxClient.create(mock, 7)
    subject = contract_subject.bundled().start(sandbox)
    yield sandbox, subject
    subject.stop()
    sandbox.delete()


def test_a_destination_that_runs_can_be_judged(
    mock: ControlClient, running: tuple[SandboxClient, RunningSubject]
) -> None:
    sandbox, subject = running
    where = ["--mock", mock.url, "--sandbox", sandbox.id]
    who = ["running", subject.url, "--integration-key", subject.key]
    chosen = ["--case", "DEST-001", "--case", "DEST-054", "--case", "DEST-020"]
    first, second = (json.loads(kit(*who, *where, *chosen, "--json").stdout) for _ in range(2))
    assert [case["result"] for case in first["cases"]] == ["passed", "passed", "not-applicable"]
    # The documented order is invited now, so nothing can be learned from it a second time.
    assert [case["result"] for case in second["cases"]] == ["not-run", "passed", "not-applicable"]


def test_cases_of_the_api_do_not_disturb_a_destination_that_runs(
    mock: ControlClient, running: tuple[SandboxClient, RunningSubject]
) -> None:
    sandbox, subject = running
    ran = kit(
        *("running", subject.url, "--integration-key", subject.key),
        *("--mock", mock.url, "--sandbox", sandbox.id, "--json", "--plan", "quick"),
    )
    document = json.loads(ran.stdout)
    assert [case["id"] for case in document["cases"] if case["result"] not in {"passed", "not-applicable"}] == []
    assert {case["plan"] for case in document["cases"] if case["result"] == "passed"} >= {"provider", "ingest"}
    assert ran.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    script, pids = tmp_path / "sleeper.py", tmp_path / "pids"
    script.write_text(SLEEPER, encoding="utf-8")
    command = ["--case", "DEST-001", "--command", f"{{python}} {script} {pids}"]
    with subprocess.Popen(  # noqa: S603 - ours
        [*COMMAND, *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        deadline = time.monotonic() + 20
        while not (pids.exists() and pids.read_text(encoding="utf-8").count(" ") == 2):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child.send_signal(number)
        _, errors = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "everything that was started has been ended" in errors
    subject, grandchild, _kit = map(int, pids.read_text(encoding="utf-8").split())
    assert gone(subject)
    assert gone(grandchild)
