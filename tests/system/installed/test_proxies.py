"""The environment names proxies, which do not answer: calls on this machine do without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support import dead_proxy
from tests.system.installed.running import Command, Up, ran, serving


def test_up_and_the_commands_beside_it(tpmock: Command, start_up: Callable[[dict[str, str]], Up]) -> None:
    environment = dead_proxy.environment()
    running = start_up(environment)
    at = ["--url", running.url]
    sent = ran([*tpmock, "event", "order", "--id", "1001", *at], env=environment)
    assert (sent.stdout, sent.stderr) == ("1001\n", "")
    running.control.settle()
    assert [row["referenceNumber"] for row in running.control.rows("invitations")] == ["1001"]
    for command in (
        ["trace", "1001"],
        ["journal", "list"],
        ["clock", "advance", "7d"],
        ["env"],
    ):
        done = ran([*tpmock, *command, *at], env=environment)
        assert done.returncode == 0, done.stderr


def test_the_kit(tpmock: Command, tmp_path: Path) -> None:
    environment = dead_proxy.environment()
    test = [*tpmock, "test", "--case", "DEST-001"]
    own = ran(test, env=environment)
    assert own.returncode == 0, own.stdout + own.stderr
    with serving(tpmock, tmp_path, environment) as url:
        other = ran([*test, "--mock", url], env=environment)
    assert other.returncode == 0, other.stdout + other.stderr
