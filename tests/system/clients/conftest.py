"""The mock that is called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.doors import OverSocket


@pytest.fixture
def server() -> Iterator[OverSocket]:
    """Run ``tpmock serve`` in a separate process."""
    door = OverSocket()
    yield door
    door.close()
