from __future__ import annotations

from collections.abc import Iterator

import pytest
from tpmock.core.clock import ClockState
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment.workspace import Workspace
from tpmock.server.app import MockApp
from tpmock.trustpilot.world import World

#: The time of every sandbox, frozen: 2026-01-01T00:00:00Z.
NOW = 1_767_225_600.0


@pytest.fixture(scope="session")
def mock() -> Iterator[MockApp]:
    with MockApp() as opened:
        yield opened


@pytest.fixture
def universe(mock: MockApp) -> Iterator[Sandbox]:
    """A sandbox whose clock is frozen at :data:`NOW`."""
    made = mock.sandboxes.create()
    made.clock.set(ClockState(NOW, 0.0, frozen=True), run_on=False)
    yield made
    mock.sandboxes.delete(made)


@pytest.fixture
def world(universe: Sandbox) -> World:
    return universe.world


@pytest.fixture
def workspace(universe: Sandbox) -> Workspace:
    return universe.workspace
