"""Keeps the state of all sandboxes in a file, off the path of requests."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from mockserver import state_file
from mockserver.sandbox_state import KeptSandbox, StateError, decode
from mockserver.sandboxes import Sandboxes
from mockserver.state_file import DamagedError, StateFileError

#: Seconds between two looks at whether something changed.
INTERVAL: Final = 1.0
#: Writing may take this part of the time at most: a large state is written less often.
SHARE: Final = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Written:
    """What was last written of a sandbox, and at which of its changes."""

    changed: int
    kept: KeptSandbox


class Keeper:
    """Writes the state file: soon after a change, at the end, and whenever it is asked to.

    :param path: the file
    """

    def __init__(self, sandboxes: Sandboxes, path: Path) -> None:
        self._sandboxes = sandboxes
        self._path = path
        self._written: dict[str, _Written] = {}
        self._size = 0
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tpmock-keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Write once more, and end."""
        self._stopped.set()
        self._thread.join()
        self.save()

    def save(self) -> tuple[int, int]:
        """Write everything now, unless the file says it already.

        :returns: how many sandboxes there are in it, and its size in bytes
        :raises OSError: when it cannot be written
        """
        with self._writing:
            living = self._sandboxes.all()
            written = {sandbox.id: self._up_to_date(sandbox.id) or self._write_down(sandbox.id) for sandbox in living}
            now = {sandbox_id: entry for sandbox_id, entry in written.items() if entry is not None}
            if now != self._written or not self._size:
                self._size = state_file.write(self._path, [entry.kept for entry in now.values()])
                self._written = now
            return len(now), self._size

    def _up_to_date(self, sandbox_id: str) -> _Written | None:
        sandbox, written = self._sandboxes.get(sandbox_id), self._written.get(sandbox_id)
        return written if sandbox and written and written.changed == sandbox.changed else None

    def _write_down(self, sandbox_id: str) -> _Written | None:
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is None:
            return None
        # Read before the state: what changes meanwhile is written next time.
        changed = sandbox.changed
        return _Written(changed, sandbox.kept())

    def _run(self) -> None:
        pause = INTERVAL
        while not self._stopped.wait(pause):
            started = monotonic()
            try:
                self.save()
            except OSError as error:
                # The disk may have room again later; the last good file is there still.
                _log.error("the state could not be written to %s: %s", self._path, error.strerror)
            pause = max(INTERVAL, (monotonic() - started) / SHARE)


def bring_back(sandboxes: Sandboxes, path: Path) -> None:
    """Make the sandboxes what they were when the file was written.

    :raises WorldFileError: when the seed of one is not there
    """
    for kept in state_file.read(path):
        sandboxes.bring_back(kept)


def examine(path: Path) -> None:
    """Look at the file before anything is served: a damaged one is set aside, and a sentence says so.

    :raises StateFileError: when it cannot be read
    """
    try:
        for kept in state_file.read(path):
            decode(kept.state)
    except (DamagedError, StateError) as damage:
        aside = state_file.set_aside(path)
        sys.stderr.write(f"The state file {path} is damaged: {damage}. It was set aside as {aside}; starting anew.\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else keeps a state in this file as long as the block runs; the death of a process ends it too.

    :raises StateFileError: when somebody does, or the folder cannot be written to
    """
    try:
        lock = path.with_name(f"{path.name}.lock").open("wb")
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be written: {error.strerror}.") from None
    with lock:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not everywhere

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StateFileError(f"Another mock keeps its state in {path}.") from None
        yield
