"""A separate mock for a run, as a child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from tpmock.common.package_data import source_folders
from tpmock.common.serving import END_WITH_STDIN

#: Seconds to wait for its end.
_PATIENCE: Final = 12


class NoMockError(Exception):
    """The mock did not start. The message is for the user."""


class OwnMock:
    """Starts a mock at a free port of loopback; ``with`` ends it.

    :param worlds: world files by name
    :ivar url: its address
    :raises NoMockError: when it does not start
    """

    def __init__(self, worlds: Mapping[str, Path]) -> None:
        with tempfile.TemporaryFile() as errors:
            self._program = _start(errors, [f"--world={name}={file.absolute()}" for name, file in worlds.items()])
            output = self._program.stdout
            line = b"" if output is None else output.readline()
            if not line:
                self.close()
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip()
                raise NoMockError(f"The mock did not start. It said: {said or 'nothing'}")
        self.url: Final = str(json.loads(line)["url"])

    def close(self) -> None:
        """End the mock."""
        for pipe in (self._program.stdin, self._program.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._program.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()

    def __enter__(self) -> OwnMock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start(errors: IO[bytes], options: list[str]) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TPMOCK_")}
    return subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
        [sys.executable, "-m", "tpmock", "serve", "--host", "127.0.0.1", "--port", "0", "--json", *options],
        # State file, token and similar settings are for the mock that the user starts; worlds are passed on.
        cwd=tempfile.gettempdir(),
        env={**inherited, END_WITH_STDIN: "1", "PYTHONPATH": os.pathsep.join(source_folders())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        # Ctrl-C is for the program of the run.
        start_new_session=True,
    )
