"""A mock for the length of a run."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from contracts.kit.mock import ControlApi, MockRefusedError
from contracts.kit.processes import CannotStartError, Program, local_environment, our_modules

_PATIENCE = 15.0


def open_mock(url: str | None, stack: ExitStack) -> ControlApi:
    """The control API of a mock that answers.

    :param url: a mock that runs; None starts one, which ends with ``stack``.
    :raises CannotStartError: when it cannot be started, or when something else answers there.
    :raises MockGoneError: when nothing answers.
    """
    api = ControlApi(url or _start(stack))
    stack.callback(api.close)
    try:
        api.call("GET", "/health")
    except MockRefusedError as problem:
        raise CannotStartError(f"What answers at {api.url} is no tpmock: {problem}") from problem
    return api


def _start(stack: ExitStack) -> str:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tpmock-mock-")))
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"]
    program = Program("The mock", command, local_environment(our_modules()), folder)
    # All that it holds is in memory, and is not asked for again.
    stack.callback(program.stop, 0)
    # One line announces it, and only once it really serves requests.
    program.wait_until(lambda: b"\n" in program.stdout.read_bytes(), _PATIENCE)
    line = program.stdout.read_bytes().splitlines()[0]
    try:
        return str(json.loads(line)["url"])
    except (ValueError, KeyError, TypeError) as problem:
        raise CannotStartError(
            f"The mock announced itself with {line[:200]!r}, which is not the JSON line it should print."
        ) from problem
