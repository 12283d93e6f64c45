"""A program whose connections the kernel asks about, where a container keeps its sockets from us."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
from tpmock.run.outcomes import Outcomes
from tpmock.run.policy import Policy

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="programs are watched on Linux (x86_64, aarch64) only",
)

#: A system call that no kernel has.
NOWHERE = 9_999
LOOK_UP = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.53', 53)); print('asked')"


@pytest.mark.parametrize(
    ("policy", "output", "told"),
    [
        (Policy(), "", ["not led  name lookup at 192.0.2.53  1"]),
        (Policy(("shop.example.com",)), "asked\n", []),
    ],
)
def test_names_are_looked_up_only_where_a_host_is_allowed(
    monkeypatch: pytest.MonkeyPatch, policy: Policy, output: str, told: list[str]
) -> None:
    from tpmock.run import watch  # noqa: PLC0415 - imports what Linux alone has

    monkeypatch.setattr(watch, "_GETFD", NOWHERE)
    outcomes = Outcomes()
    made = watch.Watch(("127.0.0.1", 9), policy, outcomes)
    command, inherited = made.command([sys.executable, "-I", "-c", LOOK_UP])
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, pass_fds=inherited, text=True, **pipes) as program:  # type: ignore[call-overload] # noqa: S603 - ours
        if unwatched := made.begin():
            pytest.skip(f"this system does not let programs be watched: {unwatched}")
        assert program.communicate(timeout=60)[0] == output
    made.close()
    assert [str(line).partition("  the program")[0] for line in outcomes.lines()] == told
