"""Lock between processes that the operating system releases when its holder ends, even by a crash."""

from __future__ import annotations

import errno
import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: The last one is the error of Windows after waiting.
_HELD_BY_ANOTHER: Final = (errno.EAGAIN, errno.EACCES, getattr(errno, "EDEADLOCK", errno.EAGAIN))


#: What this process holds: record locks are the process's, so they do not exclude a second holder in it.
_held: set[Path] = set()
_guard = threading.Lock()


class FileLock:
    """A file that one holder at a time can lock, in this process or another. Its content means nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file.absolute()
        #: What releasing it has to undo; nothing while it is not held.
        self._undo = ExitStack()

    def take(self) -> None:
        """Take the lock; wait for another process that holds it.

        :raises RuntimeError: when this process holds it, which could wait forever
        """
        self._take(wait=True)

    def try_to_take(self) -> bool:
        """Take the lock if it is free.

        :returns: whether it is held now
        """
        return self._take(wait=False)

    def _take(self, *, wait: bool) -> bool:
        with _guard:
            # Opening and closing the file would release what this process holds.
            if self._file in _held:
                if wait:
                    raise RuntimeError(f"this process holds {self._file} already")
                return False
            _held.add(self._file)
        with ExitStack() as undo:
            undo.callback(_held.discard, self._file)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
            undo.callback(os.close, descriptor)
            while not (taken := _locked(descriptor, wait=wait)) and wait:
                pass
            if taken:
                self._undo = undo.pop_all()
        return taken

    def release(self) -> None:
        """Release the lock. The file stays."""
        self._undo.close()

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.release()


def _locked(descriptor: int, *, wait: bool) -> bool:
    try:
        if sys.platform == "win32":
            # Waits ten seconds at most, then fails.
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            # Of the process, so that a child that is forked while it is held does not hold it too.
            fcntl.lockf(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in _HELD_BY_ANOTHER:
            return False
        raise
    return True
