"""A mock for the length of a run."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tpmock.common.control_client import ControlClient, RefusedError
from tpmock.kit.subjects.processes import CannotStartError, Program, local_environment, our_modules

_PATIENCE = 15.0


def open_mock(url: str | None, stack: ExitStack) -> ControlClient:
    """Return the control API of a mock that answers.

    :param url: a mock that runs; None starts one, which ends with ``stack``
    :raises CannotStartError: when it cannot be started, or when something else answers there
    :raises UnreachableError: when nothing answers
    """
    api = ControlClient(url or _start(stack))
    try:
        api.call("GET", "/health")
    except RefusedError as problem:
        raise CannotStartError(f"The program at {api.url} is not tpmock: {problem}") from problem
    return api


def _start(stack: ExitStack) -> str:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tpmock-mock-")))
    command = [sys.executable, "-m", "tpmock", "serve", "--port", "0", "--json"]
    program = Program("The mock", command, local_environment(our_modules()), folder)
    # All its data is in memory, and is not needed later.
    stack.callback(program.stop, 0)
    # It prints one line once it serves requests.
    program.wait_until(lambda: b"\n" in program.stdout.read_bytes(), _PATIENCE)
    line = program.stdout.read_bytes().splitlines()[0]
    try:
        return str(json.loads(line)["url"])
    except (ValueError, KeyError, TypeError) as problem:
        said = f"The mock announced itself with {line[:200]!r}, which is not the JSON line it should print."
        raise CannotStartError(said) from problem
