"""A lock on a file: one holder at a time, in this process or another, until it lets go or ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tpmock.common.file_lock import FileLock

HOLDER = """
import sys
from pathlib import Path
from tpmock.common.file_lock import FileLock
FileLock(Path(sys.argv[1])).take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_one_process_at_a_time_holds_it_until_its_end(file: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603 - ourselves
        assert other.stdout is not None
        other.stdout.readline()
        lock = FileLock(file)
        assert not lock.try_to_take()
        other.kill()
        lock.take()
    lock.release()


def test_a_second_holder_in_the_same_process_is_refused_and_changes_nothing(file: Path) -> None:
    first, second = FileLock(file), FileLock(file)
    first.take()
    assert not second.try_to_take()
    with pytest.raises(RuntimeError, match="already"):
        second.take()
    second.release()
    assert not second.try_to_take()
    first.release()
    assert second.try_to_take()
    second.release()


def test_a_file_that_cannot_be_opened_is_free_afterwards(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "none" / "lock")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            lock.try_to_take()
