"""The README's ten minutes with a program of your own, walked as they are written, beside ``tpmock up``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.running import up
from tests.readme import README

TEXT = README.read_text(encoding="utf-8")
SECTION = TEXT.partition("### Ten minutes with a program of your own\n")[2].partition("\n### ")[0]
PATIENCE = 60


class Shell:
    """One terminal: what is exported stays."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["/bin/bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environment,
        )

    def type(self, lines: str) -> str:
        """What the lines print."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{lines}\necho --done-$?--\n")
        self._process.stdin.flush()
        said = []
        for line in self._process.stdout:
            if "--done-" in line:
                said.append(line.partition("--done-")[0])
                assert "--done-0--" in line, "".join(said)
                return "".join(said)
            said.append(line)
        raise AssertionError(f"the shell ended: {''.join(said)}")

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate("exit\n", timeout=PATIENCE)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with up([sys.executable, "-m", "mockserver"], tmp_path) as running:
        yield {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TPMOCK_URL": running.url,
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextmanager
def listening(line: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The README's line that listens, in a terminal of its own, once it listens; Ctrl-C ends it."""
    command = [sys.executable, "-m", "mockserver", *line.split()[1:]]
    with subprocess.Popen(  # noqa: S603 - the README's own line
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("Listening at ")
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


def blocks(language: str) -> list[str]:
    return [part.partition("\n```")[0] for part in SECTION.split(f"```{language}\n")[1:]]


def in_order(said: str, *parts: str) -> None:
    at = 0
    for part in parts:
        found = said.find(part, at)
        assert found >= 0, f"{part!r} is not there, or not in its place: {said}"
        at = found + len(part)


def test_the_developers_ten_minutes(tmp_path: Path, environment: dict[str, str]) -> None:
    [program] = blocks("py")
    (tmp_path / "shop.py").write_text(program, encoding="utf-8")
    find, wrong, right, listen, week, refresh, bad_day, look = blocks("sh")
    with Shell(tmp_path, environment) as shell, listening(listen, environment) as listener:
        in_order(shell.type(find), "x-mock-evidence: ", "trustpilotdemo.com")
        in_order(shell.type(wrong), "accesstoken 200", "invite 2001 403", "business UNIT id")
        in_order(shell.type(right), "invite 2001 202", "deliver-invitation", '"state": "queued"')
        in_order(shell.type(week), "Next due: ", '"state": "delivered"', '"stars": 5', "service-review-created")
        assert listener.stdout is not None
        heard = json.loads(listener.stdout.readline())
        assert heard["events"][0]["eventData"]["referenceId"] == "2001"
        assert "ada@example.com" not in json.dumps(heard)
        said = shell.type(refresh)
        in_order(said, "invite 2002 401", "refresh 400", "refresh_token", "refresh 200", "invite 2002 202")
        in_order(shell.type(bad_day), "x2", "invite 2003 429", "invite 2003 429", "invite 2003 202")
        in_order(shell.type(look), "403", "401", "429", "2003")
    assert listener.returncode == 0
