"""Runs programs by ``tpmock run``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Ended:
    """How ``tpmock run`` ended."""

    code: int
    output: str
    errors: str

    @property
    def report(self) -> list[str]:
        """What became of the program's calls, without the words in front."""
        ours, outcomes = "tpmock run: ", ("led", "not led", "refused", "allowed")
        said = [line.removeprefix(ours) for line in self.errors.splitlines() if line.startswith(ours)]
        return [" ".join(line.split()) for line in said if line.startswith(outcomes)]


Runs = Callable[..., Ended]


@pytest.fixture(scope="session")
def authority_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def tpmock_run(authority_home: Path) -> Runs:
    """Runs ``tpmock run`` with these arguments."""

    def run(*arguments: str | Path, **environ: str) -> Ended:
        ended = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-m", "tpmock", "run", *map(str, arguments)],
            env={**os.environ, "TPMOCK_HOME": str(authority_home), **environ},
            cwd=PROGRAMS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


def found(name: str) -> str:
    """A program of the system, or a skip that says what is not tested without it."""
    place = shutil.which(name)
    if place is None:
        pytest.skip(f"{name} is not installed: its programs are not run by tpmock run")
    return place


def extension(command: list[str], package: str) -> None:
    if subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0:  # noqa: S603 - a look
        pytest.skip(f"{package} is not installed: its programs are not run by tpmock run")


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static program."""
    folder = tmp_path_factory.mktemp("go")
    command = [found("go"), "build", "-o", str(folder / "app"), str(PROGRAMS / "main.go")]
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "CGO_ENABLED": "0"}
    subprocess.run(command, env=environ, check=True, timeout=300)  # noqa: S603 - ours
    return folder / "app"
