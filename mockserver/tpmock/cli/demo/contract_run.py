"""Contract cases, run once in the background: the kit is used as a separate program."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import yaml
from tpmock.common import package_data
from tpmock.console.contract_runs import COMMAND, REPORTS, ContractRun, RunRequest, own_copy

Row = dict[str, Any]

#: The same seed gives the same result.
_SEED: Final = 7
_PLAN: Final = "standard"
#: Timeout of the run in seconds, for a slow machine.
_PATIENCE: Final = 600


class NoResultError(Exception):
    """The run has no result. The message is for the user."""


class DemoContractRun:
    """Runs the cases against a copy of the integration, with its own mock; or shows the pack of an earlier run.

    :param folder: where the evidence pack is written
    :param contract: the ``contract.toml`` of the integration, which names its plans; None for the bundled destination
    :param pack: a pack of an earlier run, which is shown instead; nothing is run then
    """

    def __init__(self, folder: Path, contract: Path | None = None, pack: Path | None = None) -> None:
        self._request = RunRequest(_PLAN, contract=str(contract.resolve()) if contract else "", seed=_SEED)
        self.pack = pack or folder / REPORTS["evidence"]
        self._earlier = pack is not None
        self._lock = threading.Lock()
        self._run: ContractRun | None = None

    def begin(self) -> None:
        """Start the run unless it has started."""
        with self._lock:
            if self._run is None and not self._earlier:
                self._run = ContractRun(self._request, self.pack.parent, os.environ)

    def end(self) -> None:
        """Stop the run."""
        if self._run is not None:
            self._run.stop()
            self._run.wait(_PATIENCE)

    @property
    def running(self) -> bool:
        """Return whether the run is in progress."""
        return self._run is not None and self._run.running

    @property
    def finished(self) -> bool:
        """Return whether there is a result, or the reason why there is none."""
        return self._earlier or (self._run is not None and not self._run.running)

    @property
    def done(self) -> int:
        """Return how many cases have been run so far."""
        return 0 if self._run is None else sum(self._run.counts.values())

    @property
    def said(self) -> str:
        """Return which cases are shown, in words."""
        if self._earlier:
            return f"of an earlier run, in {self.pack.name}"
        return "of its contract.toml" if self._request.contract else f"plan {_PLAN}, seed {_SEED}"

    @cached_property
    def result(self) -> Row:
        """Wait for the end of the run, and return the cases with their results.

        :raises NoResultError: if the run has no result
        """
        self.begin()
        if self._run is not None:
            self._run.wait(_PATIENCE)
        if not self.pack.exists():
            command = " ".join(
                ["tpmock test", *(argument.replace("=", " ", 1) for argument in self._request.arguments)]
            )
            raise NoResultError(f"The contract cases have no result; '{command}' shows the reason.")
        with ZipFile(self.pack) as pack:
            found: Row = json.loads(pack.read("results.json"))
            found["sheet"] = json.loads(pack.read("sheet.json"))
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of the pack."""
        return hashlib.sha256(self.pack.read_bytes()).hexdigest()


def check_pack(pack: Path) -> None:
    """Verify a pack of an earlier run, as ``tpmock evidence verify`` does.

    :raises NoResultError: if it is not whole; with what is wrong
    """
    command = [*COMMAND, "evidence", "verify", str(pack)]
    done = subprocess.run(  # noqa: S603 - our own command
        command, env={**os.environ, **own_copy()}, capture_output=True, text=True, check=False, timeout=_PATIENCE
    )
    if done.returncode != 0:
        raise NoResultError(f"{pack} cannot be shown. {(done.stdout + done.stderr).strip()}")


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
