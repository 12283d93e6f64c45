from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tpmock.common.control_client import ControlClient
from tpmock.kit.subjects.local_mock import open_mock


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole-matrix", action="store_true", help="Test every mutant with every case; takes minutes.")


@pytest.fixture(scope="module")
def mock() -> Iterator[ControlClient]:
    """A real mock for the tests of one file."""
    with ExitStack() as stack:
        yield open_mock(None, stack)
