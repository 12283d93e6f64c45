"""Hooks of Schemathesis's own command: the same known things and the same excuses as in the tests here.

``python -m tests.property.generated`` starts the command with this module.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis

from tests.property.generated.callers import Caller, operations
from tests.property.generated.excuses import excused
from tests.property.generated.known import Known
from tests.support.doors import Judge, Served
from tests.support.sandboxes import SandboxUnderTest

_OPERATIONS = operations()


_door = Served(os.environ["TPMOCK_URL"])
_world, _steered = (
    Caller(SandboxUnderTest(_door, Judge(), sandbox_id=name)) for name in os.environ["TPMOCK_SANDBOXES"].split()
)
_known = Known(_world, _steered)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let a call be about something that exists."""
    override = case._override
    kept = {name for part in ("path_parameters", "query", "headers") for name in getattr(override, part, None) or ()}
    operation = _OPERATIONS[case.operation.definition.raw["operationId"]]
    _known.put_into(case, operation, frozenset(kept))
    host = _world.headers(operation).get("Host")
    if host:
        case.headers["Host"] = host


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember which sandboxes were taken back."""
    _known.note(case, _OPERATIONS[case.operation.definition.raw["operationId"]], response.status_code)


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether nothing excuses it."""
    operation_id = case.operation.definition.raw["operationId"]
    hint = " ".join(response.headers.get("x-mock-hint", ()))
    taken_back = _known.was_taken_back(case)
    return not excused(
        type(failure).__name__,
        operation_id,
        response.status_code,
        hint,
        url=response.request.url or "",
        taken_back=taken_back,
    )
