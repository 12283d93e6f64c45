"""A mock for the length of a run."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tpmock.common.control_client import ControlClient, RefusedError
from tpmock.kit.subjects.processes import CannotStartError, Program, local_environment, our_modules

_PATIENCE = 30.0


class MockOpener:
    """Gives a run the mock that it is made against.

    :param url: a mock that runs; None starts one at once, so that it starts while the kit gets ready itself
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._stack = ExitStack()
        self._program: Program | None = None
        self._problem: CannotStartError | None = None
        if url is None:
            try:
                self._program = _started(self._stack)
            except CannotStartError as problem:
                # The run says so, in its reports.
                self._problem = problem

    def __call__(self, stack: ExitStack) -> ControlClient:
        """Return the control API of a mock that answers.

        :param stack: ends the mock if it was started here
        :raises CannotStartError: when it cannot be started, or when something else answers there
        :raises UnreachableError: when nothing answers
        """
        stack.enter_context(self._stack)
        if self._problem is not None:
            raise self._problem
        api = ControlClient(address_of(self._program) if self._program is not None else str(self._url))
        try:
            api.call("GET", "/health")
        except RefusedError as problem:
            raise CannotStartError(f"The program at {api.url} is not tpmock: {problem}") from problem
        return api

    def close(self) -> None:
        """End the mock, also when no run has asked for it."""
        self._stack.close()


def open_mock(url: str | None, stack: ExitStack) -> ControlClient:
    """Return the control API of a mock that answers; see :class:`MockOpener`."""
    return MockOpener(url)(stack)


def _started(stack: ExitStack) -> Program:
    return start_mock(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tpmock-mock-"))), stack)


def start_mock(folder: Path, stack: ExitStack) -> Program:
    """Start a mock on a free port without waiting for it; see :func:`address_of`.

    :param folder: where its output is kept
    :param stack: ends it
    :raises CannotStartError: when the system cannot start it
    """
    command = [sys.executable, "-m", "tpmock", "serve", "--port", "0", "--json"]
    program = Program("The mock", command, local_environment(our_modules()), folder, ours=True)
    # All its data is in memory, and is not needed later.
    stack.callback(program.stop, 0)
    return program


def address_of(program: Program) -> str:
    """Wait until a mock serves requests, and return its address.

    :raises CannotStartError: when it does not announce itself
    """
    # It prints one line once it serves requests.
    program.wait_until(lambda: b"\n" in program.stdout.read_bytes(), _PATIENCE)
    line = program.stdout.read_bytes().splitlines()[0]
    try:
        return str(json.loads(line)["url"])
    except (ValueError, KeyError, TypeError) as problem:
        said = f"The mock announced itself with {line[:200]!r}, which is not the JSON line it should print."
        raise CannotStartError(said) from problem
