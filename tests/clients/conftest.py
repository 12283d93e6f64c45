"""The mock that is called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors import OverSocket


@pytest.fixture
def server() -> Iterator[OverSocket]:
    """``tpmock serve`` in a process of its own."""
    door = OverSocket()
    yield door
    door.close()
