from __future__ import annotations

import pytest
from tpmock.testing import Tpmock


@pytest.fixture(params=["tpmock", "tpmock_in_process"], ids=["socket", "in-process"])
def bench(request: pytest.FixtureRequest) -> Tpmock:
    """A test's sandbox, over a socket and without one: everything works the same."""
    made: Tpmock = request.getfixturevalue(request.param)
    return made
