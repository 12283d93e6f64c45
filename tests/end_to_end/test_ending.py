"""However ``up`` is ended, it ends cleanly and takes along what it started."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests.end_to_end.running import Up

#: Seconds. It is a few tenths; the rest is for a machine that has other things to do.
QUICKLY = 10


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


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(running: Up, how: signal.Signals) -> None:
    assert ended(running, how=how) == (0, [])
    assert running.errors.read_text(encoding="utf-8") == ""


def test_ctrl_c_in_a_terminal_ends_everything(running: Up) -> None:
    assert ended(running, how=signal.SIGINT, everyone=True) == (0, [])
    assert running.errors.read_text(encoding="utf-8") == ""


def test_it_says_which_part_ended_by_itself(running: Up) -> None:
    destination = next(child for child in running.tree()[1:] if "destination" in child.cmdline())
    destination.terminate()
    assert running.process.wait(QUICKLY) == 1
    assert running.errors.read_text(encoding="utf-8") == "The destination ended by itself.\n"
