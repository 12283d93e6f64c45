"""One mock for all workers of a test run: the first that needs it starts it, and it ends with the last.

Each user of the mock holds a lock on a separate file in the run's folder. The operating system releases that lock when
the holder ends, even by a crash, and the server, which waits for those locks, ends when none is left. So nothing is
counted, and nothing is left behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Final

from tpmock.common.file_lock import FileLock
from tpmock.common.real_time import monotonic

#: Seconds for a server's start, and for its end.
PATIENCE: Final = 60
_LOOK_AGAIN: Final = 0.01


class ServerFailedError(Exception):
    """The mock did not start. The message is for the user, with the program's output."""


class Folder:
    """The files by which the processes of a run share one server."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._holders = path / "holders"
        self._holders.mkdir(parents=True, exist_ok=True)
        #: Held while a server's start or end is decided.
        self.deciding = FileLock(path / "deciding")
        #: Held by the running server.
        self.serving = FileLock(path / "serving")
        #: One line once the server is ready; missing without a server, and before it ends.
        self.ready = path / "ready.json"
        self.errors = path / "errors.txt"

    def new_holder(self) -> FileLock:
        """Return a lock that shows the server a user. It is created and acquired during a decision only."""
        return FileLock(self._holders / uuid.uuid4().hex)

    def held(self) -> bool:
        """Return whether another holder exists, for a holder that has released its lock, during a decision."""
        locks = [FileLock(file) for file in self._holders.iterdir()]
        free = [lock for lock in locks if lock.try_to_take()]
        for lock in free:
            lock.release()
        return len(free) < len(locks)

    def url(self) -> str | None:
        """Return the address of the server; None while it is not ready."""
        with suppress(FileNotFoundError):
            line, end, _ = self.ready.read_text(encoding="utf-8").partition("\n")
            if end:
                return str(json.loads(line)["url"])
        return None

    def wait_for_a_holder_to_end(self) -> None:
        """Wait until a current holder releases its lock. For the server."""
        with self.deciding:
            # Each listed lock is held, or its holder has ended.
            file = next(self._holders.iterdir(), None)
        if file is not None:
            with FileLock(file):
                file.unlink()

    def abandoned(self) -> bool:
        """Return whether no lock is held, and hide the server in this case. For the server."""
        with self.deciding:
            if any(self._holders.iterdir()):
                return False
            self.ready.unlink(missing_ok=True)
            return True


class SharedServer:
    """This process's use of a run's server.

    :param path: a folder of this run only, which all its processes know
    :param worlds: world files by name; the first process decides
    :param functions: whether destination functions may run; the first process decides
    :raises ServerFailedError: when the server does not start
    """

    def __init__(self, path: Path, worlds: Mapping[str, Path], *, functions: bool = False) -> None:
        self._folder = folder = Folder(path)
        self._started: subprocess.Popen[bytes] | None = None
        self._holder = folder.new_holder()
        try:
            with folder.deciding:
                self._holder.take()
                self.url = self._found() or self._start(worlds, functions=functions)
        except BaseException:
            self.close()
            raise

    def _found(self) -> str | None:
        """Return the running server. A killed one has left its line, but not its lock."""
        if self._folder.serving.try_to_take():
            self._folder.serving.release()
            self._folder.ready.unlink(missing_ok=True)
            return None
        return self._folder.url()

    def _start(self, worlds: Mapping[str, Path], *, functions: bool) -> str:
        command = [sys.executable, "-m", "tpmock.testing.held_server", str(self._folder.path)]
        command += [json.dumps(worlds, default=str), *(["functions"] if functions else [])]
        with self._folder.ready.open("wb") as ready, self._folder.errors.open("wb") as errors:
            # In a separate session: Ctrl-C is for the tests, which then release the server.
            self._started = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
                command, stdin=subprocess.DEVNULL, stdout=ready, stderr=errors, start_new_session=True
            )
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline and self._started.poll() is None:
            url = self._folder.url()
            if url is not None:
                return url
            sleep(_LOOK_AGAIN)
        self._started.kill()
        self._started.wait()
        said = self._folder.errors.read_text(encoding="utf-8", errors="replace").strip()
        raise ServerFailedError(f"The mock for these tests did not start. It said: {said or 'nothing'}")

    def close(self) -> None:
        """Release the server; the last process waits for its end."""
        self._holder.release()
        with self._folder.deciding:
            last = not self._folder.held()
        deadline = monotonic() + PATIENCE
        while last and monotonic() < deadline:
            if self._folder.serving.try_to_take():
                self._folder.serving.release()
                break
            sleep(_LOOK_AGAIN)
        self._let_live()

    def _let_live(self) -> None:
        started, self._started = self._started, None
        if started is not None and started.poll() is None:
            with warnings.catch_warnings():
                # It may outlive the process that started it, and ends with the last holder.
                warnings.simplefilter("ignore", ResourceWarning)
                del started
