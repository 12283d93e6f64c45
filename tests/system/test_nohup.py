"""Tests do not depend on how pytest was started."""

from __future__ import annotations

import sys

from tests.support import ROOT
from tests.system.installed.running import ran

HEARS = "tests/destination/test_command.py::test_a_signal_to_the_whole_group_ends_it_cleanly"


def test_programs_that_tests_start_hear_signals_that_pytest_ignores() -> None:
    done = ran(["nohup", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", HEARS], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
