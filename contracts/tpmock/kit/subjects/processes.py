"""Programs that the kit starts, watches and always ends: by their own process group, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tpmock.common import package_data
from tpmock.common.serving import END_WITH_STDIN

_LAST_LINES = 20
_GRACE = 3.0
_BETWEEN_LOOKS = 0.005


#: Waits for a word of the kit. If its standard input ends without one, the kit was killed: it ends the program's group.
_GUARD = """read -r word && exit
kill -s TERM -- "-$0"
sleep 2
kill -s KILL -- "-$0"
"""

_RUNNING: set[Program] = set()


class CannotStartError(Exception):
    """A program did not start; the text says why and shows its last lines."""


class Program:
    """A child process.

    Its output goes into files: a full pipe would block it.

    :param output: the folder in which its output is kept
    :param folder: where it runs; None means the same folder
    :param ours: whether it is a program of this package, which notices by itself when the kit is killed; another
        one is then ended by a guard
    :ivar began: when it was started, in seconds since 1970
    :raises CannotStartError: when the system cannot start it at all
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        folder: Path | None = None,
        *,
        ours: bool = False,
    ) -> None:
        self.name = name
        self.folder = folder or output
        self.began = time.time()
        self._stopped = False
        self.stdout = output / "stdout.txt"
        self._stderr = output / "stderr.txt"
        try:
            with self.stdout.open("wb") as out, self._stderr.open("wb") as err:
                # Its own process group: Ctrl-C in the terminal reaches the kit only, which then ends the whole group
                # in order.
                self._process = subprocess.Popen(  # noqa: S603 - the command comes from the user or from this package
                    list(command),
                    env={**environment, END_WITH_STDIN: "1"} if ours else dict(environment),
                    cwd=self.folder,
                    stdin=subprocess.PIPE if ours else subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
        except OSError as problem:
            raise CannotStartError(f"{name} could not be started: {problem.strerror}: {command[0]}") from problem
        _RUNNING.add(self)
        self._guard = None if ours or sys.platform == "win32" else self._guarded()

    def _guarded(self) -> subprocess.Popen[bytes] | None:
        """Start a shell that ends the program's group when this process is killed, and so cannot do it.

        :returns: None where there is no shell; then the program outlives a kit that is killed
        """
        with contextlib.suppress(OSError):
            return subprocess.Popen(  # noqa: S603 - our own command
                ["/bin/sh", "-c", _GUARD, str(self.pid)],
                env={"PATH": os.defpath},
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return None

    @property
    def pid(self) -> int:
        """Its process, which is also its process group."""
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll()

    def last_lines(self) -> str:
        """Return the last lines of standard error, or of standard output when that is empty."""
        for file in (self._stderr, self.stdout):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            if lines:
                return "\n".join(lines[-_LAST_LINES:])
        return "(no output)"

    def wait_until(self, ready: Callable[[], bool], patience: float) -> None:
        """Wait until a probe says that it is ready.

        :raises CannotStartError: when it ends before, or does not become ready in time
        """
        deadline = time.monotonic() + patience
        while not ready():
            if self.ended is not None:
                raise CannotStartError(
                    f"{self.name} ended with exit code {self.ended} before it was ready.\n{self.last_lines()}"
                )
            if time.monotonic() > deadline:
                raise CannotStartError(f"{self.name} was not ready after {patience:g} s.\n{self.last_lines()}")
            time.sleep(_BETWEEN_LOOKS)

    def stop(self, grace: float | None = None) -> None:
        """End it and everything it started. May be called twice.

        :param grace: seconds to end by itself; none for a program that keeps nothing
        """
        _RUNNING.discard(self)
        if self._stopped:
            return
        self._stopped = True
        grace = _GRACE if grace is None else grace
        if grace:
            self._signal(signal.SIGTERM)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if sys.platform != "win32":
                self._signal(signal.SIGKILL)
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            if self._guard is not None:
                self._guard.communicate(b"ended\n")

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._process.terminate()
            else:
                os.killpg(self._process.pid, number)


def end_all() -> None:
    """End every program that this process has started here and not ended yet."""
    for program in tuple(_RUNNING):
        program.stop()


def local_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the kit's own environment with some variables on top, and no proxy between programs of this machine."""
    environment = {**os.environ, **extra}
    local = ",".join(filter(None, (environment.get("NO_PROXY") or environment.get("no_proxy"), "127.0.0.1,localhost")))
    return {**environment, "NO_PROXY": local, "no_proxy": local, "PYTHONUNBUFFERED": "1"}


def our_modules() -> dict[str, str]:
    """Return a PYTHONPATH with which a child finds the packages of this copy of tpmock, installed or not."""
    places = filter(None, (*package_data.source_folders(), os.environ.get("PYTHONPATH")))
    return {"PYTHONPATH": os.pathsep.join(places)}
