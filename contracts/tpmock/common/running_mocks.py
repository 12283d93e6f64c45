"""Mocks that run: a file for each in its user's folder, so that commands find it without an address (decision 0315)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tpmock.common.control_client import (
    TOKEN_VARIABLE,
    ControlClient,
    RefusedError,
    SlowError,
    UnreachableError,
    over_the_network,
)
from tpmock.common.user_folder import HOME_VARIABLE, NoHomeError, user_folder
from tpmock.common.whole_file import write_whole

#: Where a command looks when no mock has said where it is.
DEFAULT_URL: Final = "http://127.0.0.1:8080"
#: Seconds for the answer to whether a mock runs.
PATIENCE: Final = 2

Say = Callable[[str], object]


class AmbiguousError(Exception):
    """Several mocks run. The text is an error message for a person."""


@dataclass(frozen=True, slots=True)
class Running:
    """A mock that runs.

    :param url: its address on this machine
    :param folder: where it was started
    :param pid: its process
    :param token: its control token
    """

    url: str
    folder: str
    pid: int
    token: str | None = None

    def __str__(self) -> str:
        """Return a description that distinguishes it from other mocks."""
        return f"{self.url} (started in {self.folder}, process {self.pid})"


@dataclass(frozen=True, slots=True)
class Announcement:
    """The file of the mock that this process starts.

    :param folder: where the process was started
    :param file: None where its user has no folder for it
    """

    pid: int
    folder: str
    file: Path | None

    @classmethod
    def of_this_process(cls) -> Announcement:
        """Return the file, not written yet."""
        pid = os.getpid()
        try:
            return cls(pid, str(Path.cwd()), _folder() / f"{pid}.json")
        except NoHomeError:
            return cls(pid, str(Path.cwd()), None)

    def write(self, url: str, token: str | None, say: Say) -> None:
        """Say where the mock is, once it answers. The file's owner alone may read it.

        :param say: called with the reason why other commands will not find the mock, if there is one
        """
        content = json.dumps(asdict(Running(url, self.folder, self.pid, token)))
        if self.file is None:
            why = f"This user has no home folder; name a folder in {HOME_VARIABLE}."
        else:
            try:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(self.file, content.encode(), self.file.with_suffix(".new"))
            except OSError as error:
                why = f"{self.file} cannot be written: {error.strerror}."
            else:
                return
        say(f"Other commands do not find this mock by themselves: give them --url {url}. {why}")

    def withdraw(self) -> None:
        """Remove the file, if it was written."""
        if self.file is not None:
            _remove(self.file)


def client(url: str | None, say: Say, *, one_of_many: bool = False) -> ControlClient:
    """Return the client of the mock that a command is for.

    :param url: its address, where the user gave one
    :param say: called with a message about files of mocks that no longer run
    :param one_of_many: whether any of several mocks will do
    :raises AmbiguousError: when several run, and none of them is nearest to the working folder
    """
    entries = list(_entries())
    if url is None:
        found = _nearest(Path.cwd(), [mock for mock in entries if _runs(mock, say)], one_of_many=one_of_many)
        url = DEFAULT_URL if found is None else found.url
    known = next((mock.token for mock in entries if mock.url == url.rstrip("/")), None)
    return ControlClient(url, os.environ.get(TOKEN_VARIABLE) or known or "")


def listening_at(url: str) -> Running | None:
    """Return the mock that has said it is at an address."""
    return next((mock for mock in _entries() if mock.url == url), None)


def _nearest(folder: Path, mocks: list[Running], *, one_of_many: bool) -> Running | None:
    """Return the mock that was started here or in the nearest folder above; else the only one."""
    for place in map(str, (folder, *folder.parents)):
        if here := [mock for mock in mocks if mock.folder == place]:
            mocks = here
            break
    if len(mocks) > 1 and not one_of_many:
        raise AmbiguousError(
            f"{len(mocks)} mocks run: {', '.join(map(str, mocks))}. Name one of them with --url or in TPMOCK_URL."
        )
    return mocks[0] if mocks else None


def _entries() -> Iterator[Running]:
    """Yield what the files say, the newest of each address."""
    try:
        files = sorted(_folder().glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        texts = [file.read_bytes() for file in files]
    except (NoHomeError, OSError):
        return  # no file can be read: none was written, or it has just been removed
    seen: set[str] = set()
    for text in texts:
        try:
            mock = Running(**json.loads(text))
        except (ValueError, TypeError):
            continue  # not one of ours
        if mock.url not in seen:
            seen.add(mock.url)
            yield mock


def _runs(mock: Running, say: Say) -> bool:
    """Return whether a mock answers. The file of a mock that is gone is removed, so that the message appears once."""
    try:
        health = ControlClient(mock.url, "", over_the_network(patience=PATIENCE)).call("GET", "/health")
        if isinstance(health, dict) and "version" in health:
            return True
    except SlowError:
        say(f"Ignored the mock at {mock}: it does not answer.")
        return False
    except (UnreachableError, RefusedError):
        """Nothing is there, or another program."""
    say(f"Ignored the mock at {mock}: it no longer runs.")
    _remove(_folder() / f"{mock.pid}.json")
    return False


def _remove(file: Path) -> None:
    with suppress(OSError):  # a file that stays does no harm
        file.unlink()


def _folder() -> Path:
    return user_folder() / "running"
