from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.doors import Door, InProcess, Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest
from tests.support.stub_destination import StubDestination


@pytest.fixture(scope="session")
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="session", params=[InProcess, OverSocket], ids=["in-process", "socket"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    opened: Door = request.param()
    yield opened
    opened.close()


@pytest.fixture
def sandbox(door: Door, judge: Judge) -> Iterator[SandboxUnderTest]:
    made = SandboxUnderTest(door, judge)
    yield made
    made.control("DELETE", "")


@pytest.fixture
def new_sandbox(door: Door, judge: Judge) -> Iterator[Callable[..., SandboxUnderTest]]:
    made: list[SandboxUnderTest] = []

    def make(**options: Any) -> SandboxUnderTest:
        made.append(SandboxUnderTest(door, judge, **options))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.call("DELETE", f"/_mock/sandboxes/{sandbox.id}")


@pytest.fixture
def destination() -> Iterator[StubDestination]:
    with StubDestination() as stub:
        yield stub
