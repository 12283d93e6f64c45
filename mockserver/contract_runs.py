"""Runs of the contract kit, as child processes: the mock knows the kit by its command alone.

Nothing is started before somebody asks for a run. A run ends with the mock, however that ends: the kit hears the end of
its standard input, and ends what it started itself.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
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

from contracts.serving import END_WITH_STDIN
from mockserver.client import TOKEN_VARIABLE

#: Lines of a run that are kept; the report has everything.
KEPT: Final = 2_000
#: Real seconds in which the kit tells what there is to run.
_LISTED_WITHIN: Final = 30
#: Real seconds for which the end of a run is waited for; it ends in any case.
_ENDS_WITHIN: Final = 2.5
#: What the line of a case begins with.
RESULTS: Final = ("passed", "failed", "warning", "not-run", "not-applicable")
REPORTS: Final[Mapping[str, str]] = {"html": "report.html", "json": "report.json", "evidence": "evidence.zip"}


class RunError(Exception):
    """No run comes of it. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to judge, by what.

    :ivar plan: a set of cases; a contract names its own
    :ivar mutant: a program that is wrong on purpose, or an empty string
    :ivar contract: the path of a ``contract.toml``, or an empty string. Without either, the bundled destination
    :ivar cases: only cases whose ids begin like one of these; none for all
    """

    plan: str
    mutant: str = ""
    contract: str = ""
    cases: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """Of the command; each in one word, so that none can be taken for an option."""
        chosen = [f"--contract={self.contract}"] if self.contract else [f"--plan={self.plan}"]
        return [
            *chosen,
            *([f"--mutant={self.mutant}"] if self.mutant else []),
            *(f"--case={one}" for one in self.cases),
        ]


class Run:
    """One run, from its start on.

    :param folder: where its reports are written
    :param environment: of the command, beside what it needs
    """

    def __init__(self, wanted: Wanted, folder: Path, environment: Mapping[str, str]) -> None:
        self.wanted = wanted
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
            [*_COMMAND, *wanted.arguments, *reports],
            env={**environment, **_ours(), END_WITH_STDIN: "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C reaches the whole group of a terminal; the run is ended by us.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="contract-run", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return not self._ended.is_set()

    @property
    def exit_code(self) -> int | None:
        """As the command says; None while it runs."""
        return None if self.running else self._process.returncode

    @property
    def lines(self) -> list[str]:
        """What it said, the newest last."""
        with self._lock:
            return list(self._lines)

    @property
    def counts(self) -> dict[str, int]:
        """How many cases came to which result by now."""
        with self._lock:
            return {result: self._counts[result] for result in RESULTS}

    def report(self, kind: str) -> Path | None:
        """A report that was written, one of :data:`REPORTS`."""
        path = self.folder / REPORTS[kind]
        return path if not self.running and path.is_file() else None

    def stop(self) -> None:
        """End it, as Ctrl-C does: with everything that it started."""
        assert self._process.stdin is not None  # noqa: S101 - asked for as a pipe
        with suppress(OSError):
            self._process.stdin.close()

    def wait(self, timeout: float) -> bool:
        """Wait for its end, at most so many real seconds; whether it came."""
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
    """The runs of one mock: one at a time, and the reports of the newest.

    :param environment: that of whoever started the mock
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {name: value for name, value in environment.items() if name != TOKEN_VARIABLE}
        self._lock = threading.Lock()
        self._latest: Run | None = None
        self._finalizer: Finalize | None = None

    @property
    def latest(self) -> Run | None:
        """The newest run, if there was one."""
        return self._latest

    def start(self, wanted: Wanted) -> Run:
        """Begin a run.

        :raises RunError: when one is under way, or it cannot be started at all
        """
        with self._lock:
            if self._latest is not None and self._latest.running:
                raise RunError("A run is under way. Wait for it, or stop it.")
            if wanted.contract:
                _see_that_it_is_ours(Path(wanted.contract))
            self._forget()
            folder = Path(tempfile.mkdtemp(prefix="tpmock-contract-"))
            # A served mock ends as a child of its server, where nothing else is called at the end.
            self._finalizer = self._finalizer or Finalize(None, self.close, exitpriority=1)
            try:
                self._latest = Run(wanted, folder, self._environment)
            except OSError as problem:
                shutil.rmtree(folder, ignore_errors=True)
                raise RunError(f"The contract kit could not be started: {problem.strerror}.") from problem
            return self._latest

    def close(self) -> None:
        """End what runs, and remove the reports."""
        if self._finalizer is not None:
            self._finalizer.cancel()
        if self._latest is not None:
            self._latest.stop()
            self._latest.wait(_ENDS_WITHIN)
        self._forget()

    def _forget(self) -> None:
        if self._latest is not None:
            shutil.rmtree(self._latest.folder, ignore_errors=True)
            self._latest = None


def _see_that_it_is_ours(file: Path) -> None:
    """Its commands are run as whoever runs this mock. Others on this machine reach the mock, and may not choose them.

    :raises RunError: when it is not there, or somebody else could have written it
    """
    try:
        found = file.stat()
    except (OSError, ValueError) as problem:
        raise RunError(f"{file} cannot be read: {getattr(problem, 'strerror', None) or problem}.") from None
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH):
        raise RunError(
            f"{file} belongs to another user of this machine, or can be written by all, and its commands would be run "
            f"as you. If you know them, run it yourself: tpmock test --contract {file}"
        )


_COMMAND: Final = (sys.executable, "-m", "mockserver", "test")


def _ours() -> dict[str, str]:
    """Lets the child find this very copy of the program, installed or not, and write line by line."""
    home = str(Path(__file__).parents[1])
    return {"PYTHONPATH": home, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "120"}


@lru_cache(maxsize=2)
def listed(option: str) -> dict[str, Any]:
    """What there is to run, as the kit tells it; asked for once, as it does not change.

    :param option: ``--list`` for plans and all their cases, ``--mutants`` for the kill matrix
    :raises RunError: when the kit does not tell
    """
    command = [*_COMMAND, option, "--json", "--plan=standard"]
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    try:
        told = subprocess.run(  # noqa: S603 - our own command
            command, env={**kept, **_ours()}, capture_output=True, check=True, timeout=_LISTED_WITHIN
        )
        document: dict[str, Any] = json.loads(told.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise RunError(f"The contract kit does not say what there is to run: {problem}.") from problem
    return document
