"""A running mock, a program that calls it, and what must have happened."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from tpmock.common import package_data

from tests.support.doors import OverSocket

#: Seconds. All of them take a few at most; a program that hangs is killed, so that the test fails instead of the run.
PATIENCE = 120


def document(api: str) -> Path:
    """Where a document is."""
    return package_data.path("openapi", f"{api}.yaml")


def ran(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end.

    :param folder: where it runs
    :param environment: what it finds there besides the environment of this process
    """
    # A proxy of this machine is for the outside, and no tool has to tell its makers what it does here.
    known = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "REDOCLY_TELEMETRY": "off"}
    return subprocess.run(  # noqa: S603 - a tool of ours
        [str(part) for part in command],
        cwd=folder,
        env={**known, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """What a tool said, if it was content."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def judge_calls(said: str, server: OverSocket, reference: str) -> None:
    """Whether the program was understood by the mock, and the mock by the program.

    :param said: what the program printed: the sandbox, the unit, how the invitation and the refused call were answered
    :param reference: the number under which it invited
    """
    told = json.loads(said)
    assert told["sandbox"] == "default"
    assert told["unit"] == "507f191e810c19729de860ea"
    assert (told["invited"], told["refused"]) == (202, 404)
    assert told["why"]["message"] == "Business unit not found"
    assert UUID(told["why"]["correlationId"]).version == 4
    found = server.send("GET", f"/_mock/sandboxes/default/invitations?referenceNumber={reference}", {}, b"").json
    assert [row["consumerEmail"] for row in found["invitations"]] == ["ada@example.com"]
