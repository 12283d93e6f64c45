"""Programs as a user starts them, and what they print."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

#: Nothing here takes that long; a program that hangs is killed, so that the test fails instead of the run.
PATIENCE = 240
#: A program that serves a test is ended after this, however long the machine takes for the rest.
LIFETIME = 900

Command = Sequence[str]


def ran(command: Command, patience: float = PATIENCE, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    :param patience: timeout in seconds
    """
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience, **options)  # noqa: S603 - ours


def in_bash(line: str, environment: Mapping[str, str] | None = None) -> str:
    """What a line prints that a user copies into a shell."""
    done = ran(["bash", "-c", line], env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Control:
    """The control API of a running mock, for its default sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sandbox = f"{url}/_mock/sandboxes/default"

    def rows(self, collection: str, **filters: str) -> list[dict[str, Any]]:
        """A collection."""
        answer = requests.get(f"{self._sandbox}/{collection}", params=filters, timeout=PATIENCE)
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()[collection.rpartition("/")[2]]
        return rows

    def settle(self) -> None:
        """Wait until nothing is due and nothing is in progress."""
        requests.post(f"{self._sandbox}/settle", json={"timeout": "PT30S"}, timeout=PATIENCE).raise_for_status()


@dataclass(frozen=True)
class Up:
    """``tpmock up`` that is ready.

    :param printed: what it said until then
    :param errors: where its standard error goes
    """

    process: subprocess.Popen[str]
    printed: str
    errors: Path

    def address_of(self, name: str) -> str:
        """The printed address of a part."""
        found = re.search(rf"^  {name} +(\S+)$", self.printed, re.MULTILINE)
        assert found, self.printed
        return found[1].rstrip("/")

    def line_after(self, heading: str) -> str:
        """The line to copy under a heading."""
        lines = self.printed.splitlines()
        return lines[lines.index(heading) + 1].strip()

    @property
    def url(self) -> str:
        return self.address_of("Trustpilot, Segment")

    @property
    def write_key(self) -> str:
        return self.address_of("writeKey")

    @property
    def control(self) -> Control:
        return Control(self.url)

    def tree(self) -> list[psutil.Process]:
        """Itself and all it started."""
        itself = psutil.Process(self.process.pid)
        return [itself, *itself.children(recursive=True)]


@contextmanager
def up(
    tpmock: Command, folder: Path, environment: Mapping[str, str] | None = None, options: Sequence[str] = ()
) -> Iterator[Up]:
    """``tpmock up`` on free ports, in its own terminal, ended with the block if it still runs then.

    :param folder: where it is started and where its standard error goes
    :param options: further ones
    """
    errors = folder / "up.stderr"
    started: list[psutil.Process] = []
    command = [*tpmock, "up", "--port", "0", "--destination-port", "0", *options]
    with (
        errors.open("w", encoding="utf-8") as sink,
        subprocess.Popen(  # noqa: S603 - the command under test
            command,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            cwd=folder,
            env=environment,
            start_new_session=True,
        ) as process,
        _nothing_left(started),
        _ended_after(process, LIFETIME),
    ):
        everything = Up(process, _said_until_ready(process, errors), errors)
        started += everything.tree()[1:]
        yield everything


def _said_until_ready(process: subprocess.Popen[str], errors: Path) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "/_mock/coverage" in line:  # the last of them
            return "".join(lines)
    raise AssertionError(f"up ended with {process.wait()}: {''.join(lines)}{errors.read_text(encoding='utf-8')}")


@contextmanager
def _ended_after(process: subprocess.Popen[str], seconds: float) -> Iterator[None]:
    guard = threading.Timer(seconds, process.terminate)
    guard.start()
    try:
        yield
    finally:
        guard.cancel()
        guard.join()
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def _nothing_left(started: Sequence[psutil.Process]) -> Iterator[None]:
    """What a failed test finds still running must not outlive it."""
    try:
        yield
    finally:
        for each in started:
            with suppress(psutil.NoSuchProcess):
                each.terminate()


@contextmanager
def serving(tpmock: Command, folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """``tpmock serve`` on a free port; its address."""
    command = [*tpmock, "serve", "--port", "0", "--json"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment) as process,  # noqa: S603 - the command under test
        _ended_after(process, LIFETIME),
    ):
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
