"""Calls made up from the documents, good and bad: no server error, no undocumented answer, no accepted rubbish.

Every operation is tried with what the document implies at its edges (the phase ``coverage``, and ``examples`` where the
document has some) and with what chance gives (``fuzzing``). The long run:
``SCHEMATHESIS_EXAMPLES=500 pytest tests/property/generated``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from schemathesis import Case

from tests.property.generated.callers import Caller, operations
from tests.property.generated.documents import EXAMPLES, document, profile
from tests.property.generated.known import Known
from tests.property.generated.walking import judged
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest

OPERATIONS: Final = operations()
quick = profile(EXAMPLES)

_door = InProcess()
_world = Caller(SandboxUnderTest(_door, Judge()))
_known = Known(_world, Caller(SandboxUnderTest(_door, Judge())))

trustpilot = document("trustpilot", app=_door.mock)
tracking = document("segment-tracking", app=_door.mock)
public = document("segment-public", app=_door.mock)
control = document("control", app=_door.mock)

#: What was sent to the operation of the running test: phase and mode.
_sent: set[tuple[str, str]] = set()
_tried: set[str] = set()


@pytest.fixture(autouse=True)
def thorough() -> Iterator[None]:
    """Test an operation with every kind of request."""
    for seen in (_sent, _tried):
        seen.clear()
    yield
    [operation] = _tried
    modes = {"positive", "negative"}
    assert {mode for phase, mode in _sent if phase == "fuzzing"} >= {"positive"}
    assert {mode for phase, mode in _sent if phase == "coverage"} == modes, f"{operation}: {_sent}"


def examine(case: Case[Any]) -> None:
    """Make one call and look at the answer with every check there is."""
    operation = OPERATIONS[case.operation.definition.raw["operationId"]]
    _tried.add(operation.id)
    meta = case.meta
    assert meta is not None
    _sent.add((meta.phase.name.value, meta.generation.mode.value))
    _known.put_into(case, operation)
    sent_with: dict[str, Any] = {"headers": _world.headers(operation), "app": _door.mock}
    judged(case.call(**sent_with), case, sent_with)


@trustpilot.parametrize()
@quick
def test_trustpilot(case: Case[Any]) -> None:
    examine(case)


@tracking.parametrize()
@quick
def test_tracking(case: Case[Any]) -> None:
    examine(case)


@public.parametrize()
@quick
def test_public(case: Case[Any]) -> None:
    examine(case)


@control.parametrize()
@quick
def test_control(case: Case[Any]) -> None:
    examine(case)
