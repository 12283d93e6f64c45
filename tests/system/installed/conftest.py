"""Which command is under test: the checkout's, or another one that is installed somewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.system.installed.running import Command, Up, serving, up


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tpmock", metavar="PATH", help="test this installed command, not the one of the checkout")


@pytest.fixture(scope="session")
def tpmock(pytestconfig: pytest.Config) -> Command:
    """The command."""
    # A run of all tests reads this file too late to know the option, and tests the checkout.
    installed = pytestconfig.getoption("--tpmock", default=None)
    return [str(Path(installed).absolute())] if installed else [sys.executable, "-m", "tpmock"]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of this machine is for the outside; curl and the SDK would send even this machine's own calls there."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture
def running(tpmock: Command, tmp_path: Path) -> Iterator[Up]:
    """``tpmock up``, ready."""
    with up(tpmock, tmp_path) as everything:
        yield everything


@pytest.fixture
def mock_url(tpmock: Command, tmp_path: Path) -> Iterator[str]:
    """``tpmock serve``, ready."""
    with serving(tpmock, tmp_path) as url:
        yield url


@pytest.fixture
def start_up(tpmock: Command, tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Up]]:
    """Starts ``tpmock up`` with an environment of the test's choice."""
    with ExitStack() as stack:
        yield lambda environment: stack.enter_context(up(tpmock, tmp_path, environment))
