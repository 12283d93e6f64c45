"""Where Node's tools are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stub_destination import StubDestination


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--node-tools", metavar="FOLDER", help="where package.json of tests/system/clients/node is installed"
    )


def _tools(config: pytest.Config) -> str | None:
    # A run of all tests reads this file too late to know the option.
    folder: str | None = config.getoption("--node-tools", default=None)
    return folder


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if _tools(config) is None else None


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config) -> Path:
    """The installed packages."""
    folder = _tools(pytestconfig)
    assert folder is not None
    return Path(folder).absolute() / "node_modules"


@pytest.fixture
def destination() -> Iterator[StubDestination]:
    """Destination with configured answers."""
    with StubDestination() as stub:
        yield stub
