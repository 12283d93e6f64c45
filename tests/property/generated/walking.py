"""Walks from answer to answer along the links of a document, good calls and bad ones among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import requests
from schemathesis.core.failures import FailureGroup

from tests.property.generated.callers import Caller, operations
from tests.property.generated.excuses import excused
from tests.property.generated.known import Known

_OPERATIONS = operations()


def walker(schema: Any, caller: Caller, known: Known, begin: Callable[[], None], app: Any = None) -> Any:
    """A state machine over the links of a document, with every check there is.

    Its ``followed`` counts the links that led to a success, ``called`` the operations that were called.

    :param schema: the document, for an application or a server
    :param caller: client for the calls
    :param known: what exists, for the first steps
    :param begin: called before each walk
    :param app: the application, when no socket is used
    """
    session = requests.Session()
    session.trust_env = False
    transport: dict[str, Any] = {"session": session} if app is None else {"app": app}

    class Walker(schema.as_state_machine()):  # type: ignore[misc]
        followed: ClassVar[Counter[tuple[str, str]]] = Counter()
        called: ClassVar[Counter[str]] = Counter()

        def setup(self) -> None:
            begin()
            known.taken_back.clear()

        def step(self, input: Any) -> Any:  # noqa: A002 - Schemathesis's name
            operation = _OPERATIONS[input.case.operation.definition.raw["operationId"]]
            kept = {name for _, name in input.applied_parameters if name}
            if input.transition is not None:
                # A thing that no answer named would be taken for one that an answer did.
                kept |= (input.case.path_parameters or {}).keys()
            known.put_into(input.case, operation, frozenset(kept))
            output = super().step(input)
            known.note(input.case, operation, output.response.status_code)
            self.called[operation.id] += 1
            if input.transition is not None and input.is_applied and output.response.status_code < 400:
                source = self.recorder.cases[input.transition.parent_id].value.operation.definition.raw["operationId"]
                self.followed[source, operation.id] += 1
            return output

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            operation = _OPERATIONS[case.operation.definition.raw["operationId"]]
            return {"headers": caller.headers(operation), **transport}

        def validate_response(self, response: Any, case: Any, *_: Any, **kwargs: Any) -> None:
            judged(response, case, kwargs, self.recorder, taken_back=known.was_taken_back(case))

    return Walker


def judged(
    response: Any, case: Any, sent_with: dict[str, Any], recorder: Any = None, *, taken_back: bool = False
) -> None:
    """Look at an answer with every check there is.

    :param sent_with: how the call was sent: headers, and the session or the application
    :param recorder: what came before on the same walk
    :param taken_back: whether the sandbox was reset or restored on it
    :raises FailureGroup: for what nothing excuses
    """
    operation_id = case.operation.definition.raw["operationId"]
    try:
        case.validate_response(response, headers=sent_with["headers"], transport_kwargs=sent_with, recorder=recorder)
    except FailureGroup as failures:
        names = {type(failure).__name__ for failure in failures.exceptions}
        hint = " ".join(response.headers.get("x-mock-hint", ()))
        if not all(
            excused(
                name, operation_id, response.status_code, hint, url=response.request.url or "", taken_back=taken_back
            )
            for name in names
        ):
            raise
