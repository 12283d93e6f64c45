"""However ``up`` is ended, it ends cleanly and takes along what it started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.system.installed.running import Command, Up, up

#: Seconds. It is a few tenths; the rest is for a machine that has other things to do.
QUICKLY = 30


def ended(running: Up, *, how: signal.Signals, everyone: bool = False) -> tuple[int, list[psutil.Process]]:
    """End it; the exit code, and which of its processes are left.

    :param everyone: whether the whole foreground of the terminal hears of it, as of Ctrl-C
    """
    tree = running.tree()
    assert len(tree) >= 3, "the mock and the destination are programs of their own"
    if everyone:
        os.killpg(running.process.pid, how)
    else:
        running.process.send_signal(how)
    code = running.process.wait(QUICKLY)
    return code, psutil.wait_procs(tree, timeout=QUICKLY)[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_a_signal_ends_everything(running: Up, how: signal.Signals) -> None:
    assert ended(running, how=how) == (0, [])
    assert running.errors.read_text(encoding="utf-8") == ""


def test_ctrl_c_in_a_terminal_ends_everything(running: Up) -> None:
    assert ended(running, how=signal.SIGINT, everyone=True) == (0, [])
    assert running.errors.read_text(encoding="utf-8") == ""


def test_what_it_started_ends_even_when_it_is_killed(running: Up) -> None:
    assert ended(running, how=signal.SIGKILL) == (-signal.SIGKILL, [])


def test_it_says_which_part_ended_by_itself(running: Up) -> None:
    end_destination(running)
    assert running.process.wait(QUICKLY) == 1
    assert running.errors.read_text(encoding="utf-8") == "The destination ended by itself.\n"


@pytest.mark.skipif(not shutil.which("nohup"), reason="needs nohup")
def test_nohup_keeps_it_when_the_terminal_closes(tpmock: Command, tmp_path: Path) -> None:
    with up(["nohup", *tpmock], tmp_path) as running:
        for program in running.tree():
            program.send_signal(signal.SIGHUP)
        # Had it listened to that, it would end for that reason and with 0.
        end_destination(running)
        assert running.process.wait(QUICKLY) == 1


def test_it_can_be_ended_while_it_starts(tpmock: Command, tmp_path: Path) -> None:
    command = [*tpmock, "up", "--port", "0", "--destination-port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:  # noqa: S603 - ours
        itself = psutil.Process(process.pid)
        while not (started := itself.children(recursive=True)):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=QUICKLY)
    assert (process.returncode, errors) == (0, "")
    assert psutil.wait_procs(started, timeout=QUICKLY)[1] == []


def end_destination(running: Up) -> None:
    """End one part of it behind its back."""
    parts = running.tree()[1:]
    next(part for part in parts if "destination" in part.cmdline()).terminate()
