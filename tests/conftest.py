"""What holds for every test."""

from __future__ import annotations

import os
import signal
from tempfile import TemporaryDirectory

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its own user folder, and let signals through.

    What tests start is not found by commands of the person who runs them, nor by those of another worker.
    """
    home = TemporaryDirectory(prefix="tpmock-tests-")
    config.add_cleanup(home.cleanup)
    os.environ["TPMOCK_HOME"] = home.name
    _listen_to_signals()


def _listen_to_signals() -> None:
    """Have the programs that tests start hear of SIGINT and SIGHUP, even where pytest itself ignores them.

    In the background of a script, and behind ``nohup``, a process ignores them, and so do those that it starts. Here a
    handler that does nothing replaces that: it has the same effect on pytest and is not inherited.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
