"""The contract cases, run once beside the story: the kit is a program of its own and is used as one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import yaml

Row = dict[str, Any]

#: Same seed, same cases, same result.
_SEED: Final = 7
_PLAN: Final = "standard"
_COMMAND: Final = (sys.executable, "-m", "mockserver", "test", "--plan", _PLAN, "--seed", str(_SEED))
#: Seconds that the run may take on a slow machine.
_PATIENCE: Final = 600


class JudgingFailedError(Exception):
    """There is no result. The message is a sentence for the user."""


class Judge:
    """Runs the standard plan against the bundled destination, with a mock of its own.

    :param folder: where the evidence pack is written
    """

    def __init__(self, folder: Path) -> None:
        self.pack = folder / "evidence.zip"
        self._lock = threading.Lock()
        self._program: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Begin, if it has not begun."""
        with self._lock:
            if self._program is None:
                self._program = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
                    [*_COMMAND, "--evidence", str(self.pack)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )

    def end(self) -> None:
        """End what runs."""
        if self._program is not None and self._program.poll() is None:
            self._program.terminate()
            self._program.wait(_PATIENCE)

    @property
    def running(self) -> bool:
        """Whether the result is still awaited."""
        return self._program is not None and self._program.poll() is None

    @cached_property
    def result(self) -> Row:
        """The cases with their results; waits for the end of the run.

        :raises JudgingFailedError: when it came to none
        """
        self.begin()
        program = self._program
        if program is not None:
            program.wait(_PATIENCE)
        if not self.pack.exists():
            raise JudgingFailedError(
                f"The contract cases came to no result; 'tpmock test --plan {_PLAN} --seed {_SEED}' says why."
            )
        with ZipFile(self.pack) as pack:
            found: Row = json.loads(pack.read("results.json"))
            found["sheet"] = json.loads(pack.read("sheet.json"))
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of the pack."""
        return hashlib.sha256(self.pack.read_bytes()).hexdigest()


def requirements() -> list[Row]:
    """The programme's requirements in their own order."""
    text = (files("contracts") / "requirements" / "partner-programme.yaml").read_text(encoding="utf-8")
    found: list[Row] = yaml.safe_load(text)["requirements"]
    return found


def calls_to_make() -> list[Row]:
    """The cases that only read, and can be run against the real API."""
    folder = files("contracts") / "cases" / "provider"
    found: list[Row] = []
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        found += [
            {"plan": "provider", **case}
            for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
            if case.get("live") == "read-only"
        ]
    return found
