"""One mock for all workers of a test run: the first that needs it starts it, and it ends with the last.

Whoever uses it holds a lock on a file of its own in the run's folder. The operating system opens that lock when the
holder ends, even by a crash, and the server, which waits at those locks, ends when none is left. So nothing has to be
counted, and nothing stays behind.
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
from time import monotonic, sleep
from typing import Final

from mockserver.testing.locks import FileLock

#: Seconds a server may take to start, and to end.
PATIENCE: Final = 60
_LOOK_AGAIN: Final = 0.01


class ServerFailedError(Exception):
    """No mock came up. The message is a sentence for the user, with what the program said."""


class Folder:
    """The files by which the processes of a run agree on one server."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._holders = path / "holders"
        self._holders.mkdir(parents=True, exist_ok=True)
        #: Held while deciding that a server starts or ends.
        self.deciding = FileLock(path / "deciding")
        #: Held by the server while it lives.
        self.serving = FileLock(path / "serving")
        #: One line once the server is ready; absent when there is none, or when it is about to end.
        self.ready = path / "ready.json"
        self.errors = path / "errors.txt"

    def new_holder(self) -> FileLock:
        """A lock by which the server sees that it is needed. It is made and taken while deciding, never in between."""
        return FileLock(self._holders / uuid.uuid4().hex)

    def held(self) -> bool:
        """For a holder that has let go, while deciding: whether there is another."""
        locks = [FileLock(file) for file in self._holders.iterdir()]
        free = [lock for lock in locks if lock.try_to_take()]
        for lock in free:
            lock.release()
        return len(free) < len(locks)

    def url(self) -> str | None:
        """Where the server answers; None while it does not."""
        with suppress(FileNotFoundError):
            line, end, _ = self.ready.read_text(encoding="utf-8").partition("\n")
            if end:
                return str(json.loads(line)["url"])
        return None

    def wait_for_a_holder_to_end(self) -> None:
        """For the server: sleep until one of those that hold it now does so no more."""
        with self.deciding:
            # Whatever is listed here is held, or its holder has ended.
            file = next(self._holders.iterdir(), None)
        if file is not None:
            with FileLock(file):
                file.unlink()

    def abandoned(self) -> bool:
        """For the server: whether nobody holds it. From then on nobody finds it."""
        with self.deciding:
            if any(self._holders.iterdir()):
                return False
            self.ready.unlink(missing_ok=True)
            return True


class SharedServer:
    """This process's share in the server of a run.

    :param path: a folder that all processes of the run know, and no other run
    :param worlds: world files by name; the first who comes decides
    :raises ServerFailedError: when no server comes up
    """

    def __init__(self, path: Path, worlds: Mapping[str, Path]) -> None:
        self._folder = folder = Folder(path)
        self._started: subprocess.Popen[bytes] | None = None
        self._holder = folder.new_holder()
        try:
            with folder.deciding:
                self._holder.take()
                self.url = self._found() or self._start(worlds)
        except BaseException:
            self.close()
            raise

    def _found(self) -> str | None:
        """The server that lives. One that was killed has left its line, but not its lock."""
        if self._folder.serving.try_to_take():
            self._folder.serving.release()
            self._folder.ready.unlink(missing_ok=True)
            return None
        return self._folder.url()

    def _start(self, worlds: Mapping[str, Path]) -> str:
        command = [sys.executable, "-m", "mockserver.testing.held_server", str(self._folder.path)]
        command += [f"--world={name}={file}" for name, file in worlds.items()]
        with self._folder.ready.open("wb") as ready, self._folder.errors.open("wb") as errors:
            # In a session of its own: Ctrl-C is for the tests, which then let go of it.
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
        """Let go; whoever is last waits until the server has ended."""
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
                # It may outlive the one that started it: its end is the last holder's.
                warnings.simplefilter("ignore", ResourceWarning)
                del started
