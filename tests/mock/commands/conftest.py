from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from tpmock.cli.main import tpmock

from tests.support.doors import OverSocket
from tests.support.sandboxes import SandboxUnderTest

Run = Callable[..., Result]


@pytest.fixture(scope="package")
def door() -> Iterator[OverSocket]:
    opened = OverSocket()
    yield opened
    opened.close()


@pytest.fixture
def run(door: OverSocket, sandbox: SandboxUnderTest) -> Run:
    """Run a command, given as words, against the sandbox."""
    variables = {"TPMOCK_URL": door.url, "TPMOCK_SANDBOX": sandbox.id}
    return lambda *words: CliRunner(env=variables).invoke(tpmock, words)
