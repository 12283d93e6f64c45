"""The command tells what it can do, and its exit codes mean something."""

from __future__ import annotations

import re
import sys

import pytest
from tpmock.common.version import __version__

from tests.system.installed.running import Command, ran

COMMANDS = (
    *(
        "audience",
        "braze",
        "ca",
        "clock",
        "completion",
        "coverage",
        "demo",
        "destination",
        "docs",
        "drift",
        "env",
        "event",
    ),
    *(
        "evidence",
        "fault",
        "init",
        "invitation",
        "journal",
        "mcp",
        "redirect",
        "review",
        "run",
        "sandbox",
        "schema",
        "seed",
    ),
    *("serve", "test", "trace", "up", "webhook"),
)


def test_help_lists_every_command_and_has_an_example(tpmock: Command) -> None:
    shown = ran([*tpmock, "--help"])
    assert shown.returncode == 0
    listed = re.findall(r"^  (\w+)  ", shown.stdout.partition("Start:")[2], re.MULTILINE)
    assert tuple(sorted(listed)) == COMMANDS
    assert "Example" in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example(tpmock: Command, name: str) -> None:
    shown = ran([*tpmock, name, "--help"])
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.search(rf"Examples?:\s+(.*\s)*?.*tpmock {name}\b", shown.stdout)


@pytest.mark.parametrize("how", ["command", "module"])
def test_version(tpmock: Command, how: str) -> None:
    command = tpmock if how == "command" else [sys.executable, "-m", "tpmock"]
    assert ran([*command, "--version"]).stdout.strip() == f"tpmock, version {__version__}"


def test_a_right_destination_passes(tpmock: Command) -> None:
    done = ran([*tpmock, "test", "--case", "DEST-001"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_wrong_destination_fails(tpmock: Command) -> None:
    done = ran([*tpmock, "test", "--mutant", "no-dedupe", "--case", "DEST-050"])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
