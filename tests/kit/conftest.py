from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from contracts.kit.local_mock import open_mock
from contracts.kit.mock import ControlApi


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole-matrix", action="store_true", help="Judge every mutant by every case; takes minutes.")


@pytest.fixture(scope="module")
def mock() -> Iterator[ControlApi]:
    """A real mock for the tests of one file."""
    with ExitStack() as stack:
        yield open_mock(None, stack)
