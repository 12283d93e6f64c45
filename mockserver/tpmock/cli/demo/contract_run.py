"""Contract cases, run once in the background: the kit is used as a separate program."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import yaml
from tpmock.common import package_data
from tpmock.console.contract_runs import REPORTS, ContractRun, RunRequest

Row = dict[str, Any]

#: The same seed gives the same result.
_REQUEST: Final = RunRequest("standard", seed=7)
#: Timeout of the run in seconds, for a slow machine.
_PATIENCE: Final = 600


class NoResultError(Exception):
    """The run has no result. The message is for the user."""


class DemoContractRun:
    """Runs the standard plan against the bundled destination, with its own mock.

    :param folder: where the evidence pack is written
    """

    def __init__(self, folder: Path) -> None:
        self.pack = folder / REPORTS["evidence"]
        self._lock = threading.Lock()
        self._run: ContractRun | None = None

    def begin(self) -> None:
        """Start the run unless it has started."""
        with self._lock:
            if self._run is None:
                self._run = ContractRun(_REQUEST, self.pack.parent, os.environ)

    def end(self) -> None:
        """Stop the run."""
        if self._run is not None:
            self._run.stop()
            self._run.wait(_PATIENCE)

    @property
    def running(self) -> bool:
        """Return whether the run is in progress."""
        return self._run is not None and self._run.running

    @cached_property
    def result(self) -> Row:
        """Wait for the end of the run, and return the cases with their results.

        :raises NoResultError: if the run has no result
        """
        self.begin()
        if self._run is not None:
            self._run.wait(_PATIENCE)
        if not self.pack.exists():
            command = f"tpmock test --plan {_REQUEST.plan} --seed {_REQUEST.seed}"
            raise NoResultError(f"The contract cases have no result; '{command}' shows the reason.")
        with ZipFile(self.pack) as pack:
            found: Row = json.loads(pack.read("results.json"))
            found["sheet"] = json.loads(pack.read("sheet.json"))
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of the pack."""
        return hashlib.sha256(self.pack.read_bytes()).hexdigest()


def requirements() -> list[Row]:
    """The requirements of the partner program in their order."""
    text = package_data.path("requirements", "partner-programme.yaml").read_text(encoding="utf-8")
    found: list[Row] = yaml.safe_load(text)["requirements"]
    return found


def calls_to_make() -> list[Row]:
    """The cases that only read, and can be run against the real API."""
    folder = package_data.path("cases", "provider")
    found: list[Row] = []
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        found += [
            {"plan": "provider", **case}
            for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
            if case.get("live") == "read-only"
        ]
    return found
