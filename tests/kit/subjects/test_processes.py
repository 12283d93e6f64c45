from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tpmock.kit.subjects.processes import CannotStartError, Program, local_environment

FOREVER = "import time; time.sleep(60)"


@contextmanager
def program(folder: Path, code: str) -> Iterator[Program]:
    child = Program("The program", [sys.executable, "-c", code], local_environment({}), folder)
    try:
        yield child
    finally:
        child.stop()


def gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_a_program_that_ends_early_is_told_with_its_last_lines(tmp_path: Path) -> None:
    with (
        program(tmp_path, "import sys; print('port taken', file=sys.stderr); sys.exit(3)") as child,
        pytest.raises(CannotStartError, match=r"(?s)exit code 3.*port taken"),
    ):
        child.wait_until(lambda: False, 10)


def test_a_program_that_is_never_ready_is_reported(tmp_path: Path) -> None:
    with program(tmp_path, FOREVER) as child, pytest.raises(CannotStartError, match=r"not ready after 0\.05 s"):
        child.wait_until(lambda: False, 0.05)


def test_a_program_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="No such file"):
        Program("The program", ["./no-such-program"], local_environment({}), tmp_path)


def test_a_program_ends_with_everything_it_started(tmp_path: Path) -> None:
    code = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {FOREVER!r}])
print(child.pid, flush=True)
child.wait()
"""
    with program(tmp_path, code) as parent:
        parent.wait_until(lambda: parent.stdout.read_text(encoding="utf-8").endswith("\n"), 10)
        grandchild = int(parent.stdout.read_text(encoding="utf-8"))
    assert parent.ended is not None
    assert until(lambda: gone(grandchild))


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tpmock.kit.subjects.processes._GRACE", 0.1)
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {FOREVER}"
    with program(tmp_path, code) as child:
        child.wait_until(lambda: b"deaf" in child.stdout.read_bytes(), 10)
    assert child.ended == -signal.SIGKILL


def test_no_proxy_stands_between_programs_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example.com")
    assert local_environment({"A": "1"})["no_proxy"] == "intranet.example.com,127.0.0.1,localhost"


def test_without_grace_a_program_that_would_not_end_is_ended_at_once(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); " + FOREVER
    with program(tmp_path, stubborn) as child:
        child.wait_until(lambda: b"here" in child.stdout.read_bytes(), 10)
        started = time.monotonic()
        child.stop(0)
        assert time.monotonic() - started < 2
    assert child.ended == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("stubborn", [False, True])
def test_a_program_of_a_user_ends_with_a_kit_that_is_killed(tmp_path: Path, *, stubborn: bool) -> None:
    """With all that it has started, whether it heeds SIGTERM or not."""
    told = tmp_path / "told"
    code = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        f"if {stubborn}: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(told)!r} + '.new').write_text(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(told)!r} + '.new', {str(told)!r})\n"
        "time.sleep(60)\n"
    )
    kit = (
        "import os, pathlib, signal, sys\n"
        "from tpmock.kit.subjects.processes import Program, local_environment\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "program = Program('The program', [sys.executable, '-c', sys.argv[2]], local_environment({}), folder)\n"
        "program.wait_until((folder / 'told').exists, 10)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", kit, str(tmp_path), code], check=False)  # noqa: S603 - ours
    assert ended.returncode == -signal.SIGKILL
    for pid in map(int, told.read_text(encoding="utf-8").split()):
        assert until(lambda pid=pid: gone(pid))  # type: ignore[misc]


@pytest.mark.skipif(sys.platform == "win32", reason="a guard needs a shell")
def test_a_guard_ends_with_its_program(tmp_path: Path) -> None:
    with program(tmp_path, FOREVER) as child:
        assert child._guard is not None
        assert child._guard.poll() is None
    assert child._guard.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_mock_ends_with_a_kit_that_is_killed(tmp_path: Path) -> None:
    """The kit has no chance to end it then: the mock notices that its standard input has ended."""
    code = (
        "import pathlib, sys, time, contextlib\n"
        "from tpmock.kit.subjects.local_mock import address_of, start_mock\n"
        "with contextlib.ExitStack() as stack:\n"
        "    mock = start_mock(pathlib.Path(sys.argv[1]), stack)\n"
        "    address_of(mock)\n"
        "    print(mock.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as kit:
        assert kit.stdout is not None
        mock = int(kit.stdout.readline())
        assert not gone(mock)
        kit.send_signal(signal.SIGKILL)
    assert until(lambda: gone(mock))
