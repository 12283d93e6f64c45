"""Runs of the contract kit as child processes: the mock uses the kit only through its command.

No process starts before the first run. A run ends with the mock, even after a crash: the kit detects the end of its
standard input, and ends its own processes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final

from tpmock.common import package_data
from tpmock.common.control_client import TOKEN_VARIABLE
from tpmock.common.serving import END_WITH_STDIN
from tpmock.core.permissions import NotPermittedError, check_contract

#: Maximum number of output lines kept; the report is complete.
KEPT: Final = 2_000
#: Timeout in real seconds for listing the available plans.
_LISTED_WITHIN: Final = 30
#: Real seconds to wait for the end of a run before killing it.
_ENDS_WITHIN: Final = 2.5
#: Prefix of the line of a case.
RESULTS: Final = ("passed", "failed", "warning", "not-run", "not-applicable")
REPORTS: Final[Mapping[str, str]] = {"html": "report.html", "json": "report.json", "evidence": "evidence.zip"}


class RunError(Exception):
    """The run cannot start. The message is for the user."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Subject and cases of a run.

    :ivar plan: a set of cases; a contract names its own
    :ivar mutant: name of a mutant, or an empty string
    :ivar contract: the path of a ``contract.toml``, or an empty string. Without either, the bundled destination
    :ivar cases: prefixes of the ids of cases to run; empty: all
    :ivar seed: seed of generated cases; None: random
    """

    plan: str
    mutant: str = ""
    contract: str = ""
    cases: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def arguments(self) -> list[str]:
        """Return the command's arguments as NAME=VALUE, so that a value cannot be read as an option."""
        chosen = [f"--contract={self.contract}"] if self.contract else [f"--plan={self.plan}"]
        return [
            *chosen,
            *([f"--mutant={self.mutant}"] if self.mutant else []),
            *([] if self.seed is None else [f"--seed={self.seed}"]),
            *(f"--case={one}" for one in self.cases),
        ]


class ContractRun:
    """A started run.

    :param folder: folder of its reports
    :param environment: further variables of the command
    """

    def __init__(self, request: RunRequest, folder: Path, environment: Mapping[str, str]) -> None:
        self.request = request
        self.folder = folder
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        reports = [
            *(f"--report={kind}={folder / REPORTS[kind]}" for kind in ("html", "json")),
            f"--evidence={folder / REPORTS['evidence']}",
        ]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, "test", *request.arguments, *reports],
            env={**environment, **own_copy(), END_WITH_STDIN: "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C signals the whole process group of a terminal; the console ends the run itself.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="contract-run", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Return whether it is running."""
        return not self._ended.is_set()

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs."""
        return None if self.running else self._process.returncode

    @property
    def lines(self) -> list[str]:
        """Return its output lines, newest last."""
        with self._lock:
            return list(self._lines)

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of cases per result so far."""
        with self._lock:
            return {result: self._counts[result] for result in RESULTS}

    def report(self, kind: str) -> Path | None:
        """Return a written report, one of :data:`REPORTS`."""
        path = self.folder / REPORTS[kind]
        return path if not self.running and path.is_file() else None

    def stop(self) -> None:
        """Stop it as Ctrl-C does, with all its child processes."""
        assert self._process.stdin is not None  # noqa: S101 - asked for as a pipe
        with suppress(OSError):
            self._process.stdin.close()

    def wait(self, timeout: float) -> bool:
        """Wait for its end at most this many real seconds; return whether it ended."""
        return self._ended.wait(timeout)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for as a pipe
        with self._process.stdout as output:
            for line in output:
                with self._lock:
                    self._lines.append(line.rstrip())
                    self._counts[line.partition(" ")[0]] += 1
        self._process.wait()
        self.stop()
        self._ended.set()


class Runs:
    """Runs of one mock: one at a time, with the reports of the latest.

    :param environment: environment of the mock's process
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {name: value for name, value in environment.items() if name != TOKEN_VARIABLE}
        self._lock = threading.Lock()
        #: The latest run, if any.
        self.latest: ContractRun | None = None
        self._finalizer: Finalize | None = None

    def start(self, request: RunRequest) -> ContractRun:
        """Start a run.

        :raises RunError: if a run is in progress, or it cannot be started
        """
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise RunError("A run is in progress. Wait for it, or stop it.")
            if request.contract:
                try:
                    check_contract(Path(request.contract))
                except NotPermittedError as refused:
                    raise RunError(str(refused)) from None
            self._forget()
            folder = Path(tempfile.mkdtemp(prefix="tpmock-contract-"))
            # A served mock ends as a child of its server, which calls nothing else at exit.
            self._finalizer = self._finalizer or Finalize(None, self.close, exitpriority=1)
            try:
                self.latest = ContractRun(request, folder, self._environment)
            except OSError as problem:
                shutil.rmtree(folder, ignore_errors=True)
                raise RunError(f"The contract kit could not be started: {problem.strerror}.") from problem
            return self.latest

    def close(self) -> None:
        """Stop the current run, and remove the reports."""
        if self._finalizer is not None:
            self._finalizer.cancel()
        if self.latest is not None:
            self.latest.stop()
            self.latest.wait(_ENDS_WITHIN)
        self._forget()

    def _forget(self) -> None:
        if self.latest is not None:
            shutil.rmtree(self.latest.folder, ignore_errors=True)
            self.latest = None


#: This program, started again.
COMMAND: Final = (sys.executable, "-m", "tpmock")


def own_copy() -> dict[str, str]:
    """Return variables that make a child use this copy of the program, installed or not, with unbuffered output."""
    home = os.pathsep.join(package_data.source_folders())
    return {"PYTHONPATH": home, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "120"}


@lru_cache(maxsize=2)
def listed(kind: str) -> dict[str, Any]:
    """Return the kit's list of plans, cases or mutants; cached, because it does not change.

    :param kind: ``cases`` for plans and all their cases, ``mutants`` for the kill matrix
    :raises RunError: if the kit cannot list them
    """
    command = [*COMMAND, "test", "list", kind, "--json", "--plan=standard"]
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    try:
        listing = subprocess.run(  # noqa: S603 - our own command
            command, env={**kept, **own_copy()}, capture_output=True, check=True, timeout=_LISTED_WITHIN
        )
        document: dict[str, Any] = json.loads(listing.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise RunError(f"The contract kit cannot list its plans: {problem}.") from problem
    return document
