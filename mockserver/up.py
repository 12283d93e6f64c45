"""``tpmock up``: the mock, the bundled destination and Segment between them, wired and ready."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final

from contracts.serving import address, wait_until_ready
from mockserver import environment
from mockserver.client import ControlClient
from mockserver.serve import HEALTH

#: What a program must never get from the shell it was started in: the real account's names.
_OURS: Final = ("TRUSTPILOT_", "SEGMENT_", "INTEGRATION_KEY", "LEDGER_URL")


#: Seconds a program may take to end before it is killed.
_PATIENCE: Final = 12


class StartFailedError(Exception):
    """One of the parts did not come up. The message is a sentence for the user."""


class StoppedError(Exception):
    """The user asked to end before everything was ready."""


class Up:
    """The mock and the destination as two programs of their own; ``with`` starts them and ends them.

    :param port: of the mock
    :param destination_port: of the destination
    """

    def __init__(self, host: str, port: int, destination_port: int) -> None:
        self.url = address(host, port)
        self.destination_url = f"{address(host, destination_port)}/"
        self._host, self._port, self._destination_port = host, port, destination_port
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = threading.Event()
        self._folder = TemporaryDirectory(prefix="tpmock-")
        self.sandbox: dict[str, Any] = {}

    def __enter__(self) -> Up:
        try:
            at = ["--host", self._host, "--port"]
            self._start("mock", ["serve", *at, str(self._port), "--destination", self.destination_url], {})
            self._wait("mock", self.url, HEALTH)
            self.sandbox = ControlClient(self.url).sandbox("default")
            ledger = f"sqlite:///{Path(self._folder.name) / 'ledger.db'}"
            self._start(
                "destination",
                ["destination", *at, str(self._destination_port), "--ledger", ledger],
                # The shop's own application; the partner flow has keys of its own.
                {k: v for k, v in environment.variables(self.sandbox).items() if "PARTNER" not in k},
            )
            self._wait("destination", self.destination_url.rstrip("/"), "/health")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, name: str, arguments: Sequence[str], settings: Mapping[str, str]) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
        self._programs[name] = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
            [sys.executable, "-m", "mockserver", *arguments],
            env={**inherited, **settings},
            stdout=subprocess.DEVNULL,
            # Ctrl-C reaches the whole group of a terminal; each program is ended once, by us.
            start_new_session=True,
        )

    def _wait(self, name: str, url: str, path: str) -> None:
        program = self._programs[name]
        if not wait_until_ready(url, path, stopped=lambda: self._stop.is_set() or program.poll() is not None):
            if self._stop.is_set():
                raise StoppedError
            raise StartFailedError(f"The {name} ended before it was ready; what it said stands above.")

    def wait(self) -> int:
        """Until Ctrl-C, SIGTERM, or the end of one of the programs.

        :returns: the exit code: 0 when asked to end, 1 when a program ended by itself
        """
        while not self._stop.wait(0.5):
            ended = [name for name, program in self._programs.items() if program.poll() is not None]
            if ended:
                sys.stderr.write(f"The {ended[0]} ended by itself.\n")
                return 1
        return 0

    def on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the form signal.signal asks for
        """End, when the user asks."""
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        for program in self._programs.values():
            if program.poll() is None:
                program.send_signal(signal.SIGTERM)
        for program in self._programs.values():
            try:
                program.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        self._folder.cleanup()
