"""Made-up calls about things that exist reach a success, which tests the code after the first refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy
from schemathesis import Case
from schemathesis.generation import GenerationMode

from tests.property.generated.callers import Caller, operations
from tests.property.generated.documents import SERVED, document, profile
from tests.property.generated.known import Known
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest

OPERATIONS: Final = operations()
#: Calls that are made up for an operation; the first success is enough.
CALLS: Final = 4
#: Operations of all documents that have to be reached.
REACHED: Final = 80


@pytest.fixture
def door() -> Iterator[InProcess]:
    opened = InProcess()
    yield opened
    opened.close()


def test_a_success_is_reached_on_at_least_eighty_operations(door: InProcess) -> None:
    world = Caller(SandboxUnderTest(door, Judge()))
    known = Known(world, Caller(SandboxUnderTest(door, Judge())))
    reached: set[str] = set()

    def attempt(case: Case[Any]) -> None:
        operation = OPERATIONS[case.operation.definition.raw["operationId"]]
        if operation.id not in reached:
            known.put_into(case, operation)
            answer = case.call(headers=world.headers(operation), app=door.mock)
            if 200 <= answer.status_code < 300:
                reached.add(operation.id)

    for api in SERVED:
        for found in document(api, app=door.mock).get_all_operations():
            made_up: SearchStrategy[Case[Any]] = found.ok().as_strategy(generation_mode=GenerationMode.POSITIVE)
            profile(CALLS)(given(made_up)(attempt))()
    assert len(reached) >= REACHED, sorted(OPERATIONS.keys() - reached)
