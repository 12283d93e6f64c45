"""Saves the state of all sandboxes to a file, outside of requests."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tpmock.common.file_lock import FileLock
from tpmock.common.real_time import monotonic
from tpmock.sandbox import state_file
from tpmock.sandbox.errors import StateFileError
from tpmock.sandbox.registry import Sandboxes
from tpmock.sandbox.sandbox import Sandbox
from tpmock.sandbox.state import SandboxState, SavedSandbox, StateError, decode
from tpmock.sandbox.state_file import DamagedError

#: Seconds between two checks for changes.
INTERVAL: Final = 1.0
#: Maximum share of time for saving: a large state is saved less often.
SHARE: Final = 0.1

_log = logging.getLogger(__name__)


class NotSavedError(Exception):
    """The state file is not up to date. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Written:
    """The last save of a sandbox, and the change it includes."""

    changed: int
    kept: SavedSandbox


class Autosave:
    """Saves the state file: soon after a change, at the end, and on request.

    :param path: the file
    """

    def __init__(self, sandboxes: Sandboxes, path: Path) -> None:
        self._sandboxes = sandboxes
        self._path = path
        self._written: dict[str, _Written] = {}
        self._size = 0
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tpmock-autosave", daemon=True)

    def start(self) -> None:
        """Start saving."""
        self._thread.start()

    def stop(self) -> bool:
        """Save a last time, and stop.

        :returns: whether the file is complete
        """
        self._stopped.set()
        self._thread.join()
        return self._try_to_save()

    def save(self) -> tuple[int, int]:
        """Save everything now, unless the file is up to date.

        The file keeps the last state of a sandbox that cannot be saved; the others are saved.

        :returns: the number of sandboxes in it, and its size in bytes
        :raises NotSavedError: when the file cannot be written, or a sandbox cannot be saved
        """
        with self._writing:
            failed: list[str] = []
            now = {sandbox.id: entry for sandbox in self._sandboxes.all() if (entry := self._entry(sandbox, failed))}
            if now != self._written or not self._size:
                try:
                    self._size = state_file.write(self._path, [entry.kept for entry in now.values()])
                except OSError as error:
                    raise NotSavedError(
                        f"The state file {self._path} cannot be written: {error.strerror}. The last one that was "
                        "written is still there. Make room, or see to the folder's permissions, then save again."
                    ) from None
                self._written = now
            if failed:
                raise NotSavedError(
                    f"Not in the state file as they are now: {', '.join(failed)}. The log says why. "
                    "Reset or delete these sandboxes."
                )
            return len(now), self._size

    def _entry(self, sandbox: Sandbox, failed: list[str]) -> _Written | None:
        """Return the record of one sandbox for the file; the last one when it cannot be encoded."""
        written = self._written.get(sandbox.id)
        # Read before the state: later changes are saved next time.
        changed = sandbox.changed
        if written is not None and written.changed == changed:
            return written
        try:
            return _Written(changed, sandbox.kept())
        except Exception:  # noqa: BLE001 - logged; one sandbox must not stop the others
            _log.exception("sandbox %s cannot be kept", sandbox.id)
            failed.append(sandbox.id)
            return written

    def _try_to_save(self) -> bool:
        try:
            self.save()
        except NotSavedError as error:
            # The disk may have room again later; the last complete file still exists.
            _log.error("%s", error)
            return False
        except Exception:  # noqa: BLE001 - logged; this thread must not end while the program serves
            _log.exception("the state cannot be kept in %s", self._path)
            return False
        return True

    def _run(self) -> None:
        pause = INTERVAL
        while not self._stopped.wait(pause):
            started = monotonic()
            self._try_to_save()
            pause = max(INTERVAL, (monotonic() - started) / SHARE)


def restore_saved(sandboxes: Sandboxes, path: Path) -> None:
    """Restore the sandboxes from the file.

    :raises WorldFileError: when the seed of one is missing
    """
    for kept in state_file.read(path):
        sandboxes.restore_saved(kept)


def examine(path: Path) -> None:
    """Check the file before serving: a damaged one is renamed, with a message.

    :raises StateFileError: when it is not readable
    """
    try:
        for kept in state_file.read(path):
            decode(kept.state, SandboxState)
    except (DamagedError, StateError) as damage:
        aside = state_file.set_aside(path)
        sys.stderr.write(f"The state file {path} is damaged: {damage}. It was set aside as {aside}; starting anew.\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the state file against other mocks while the block runs; the end of the process unlocks it too.

    :raises StateFileError: when another mock uses it, or the folder is not writable
    """
    try:
        # Of the real file: all names of a file share one lock.
        real = path.resolve()
        lock = FileLock(real.with_name(f"{real.name}.lock"))
        taken = lock.try_to_take()
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be written: {error.strerror}.") from None
    if not taken:
        raise StateFileError(f"Another mock keeps its state in {path}.")
    try:
        yield
    finally:
        lock.release()
