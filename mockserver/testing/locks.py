"""A lock between processes that the operating system opens when its holder ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: The last of them is what Windows says after waiting.
_HELD_BY_ANOTHER: Final = (errno.EAGAIN, errno.EACCES, getattr(errno, "EDEADLOCK", errno.EAGAIN))


class FileLock:
    """A file that one process at a time can hold. Its content means nothing.

    A process must not lock the same file twice: record locks belong to the process.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    def take(self) -> None:
        """Hold it; wait for whoever holds it now."""
        self._take(wait=True)

    def try_to_take(self) -> bool:
        """Hold it if nobody does.

        :returns: whether it is held now
        """
        return self._take(wait=False)

    def _take(self, *, wait: bool) -> bool:
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        taken = False
        try:
            while not (taken := _locked(descriptor, wait=wait)) and wait:
                pass
        finally:
            if taken:
                self._descriptor = descriptor
            else:
                os.close(descriptor)
        return taken

    def release(self) -> None:
        """Let go. The file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.release()


def _locked(descriptor: int, *, wait: bool) -> bool:
    try:
        if sys.platform == "win32":
            # Waits ten seconds at most, then says no.
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            # Of the process, so that a child that is forked while it is held does not hold it too.
            fcntl.lockf(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in _HELD_BY_ANOTHER:
            return False
        raise
    return True
