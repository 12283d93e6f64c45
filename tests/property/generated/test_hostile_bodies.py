"""Each file of ``fixtures/hostile`` as a body of every operation, and hostile texts as parameters: never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tpmock import spec

from tests.property.generated import good
from tests.property.generated.callers import Caller
from tests.support import ROOT
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest

BODIES = {file.name: file.read_bytes() for file in sorted((ROOT / "fixtures" / "hostile").iterdir())}
TEXTS: list[str] = json.loads((ROOT / "fixtures" / "hostile" / "texts.json").read_text(encoding="utf-8"))
OPERATIONS = [
    operation for api in spec.APIS for operation in spec.load(api).operations.values() if api != "segment-destination"
]
TYPES = (spec.model.JSON, spec.model.FORM)


@pytest.fixture(scope="module")
def door() -> Iterator[InProcess]:
    opened = InProcess()
    yield opened
    opened.close()


@pytest.fixture
def caller(door: InProcess) -> Iterator[Caller]:
    made = Caller(SandboxUnderTest(door, Judge()))
    yield made
    door.send("DELETE", f"/_mock/sandboxes/{made.sandbox.id}", {}, b"")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_no_body_is_a_defect(door: InProcess, caller: Caller, operation: spec.Operation) -> None:
    target = caller.target(operation, good.values(caller.sandbox, operation))
    failed = []
    for name, body in BODIES.items() if operation.body else ():
        for kind in TYPES:
            answer = door.send(operation.method, target, {**caller.headers(operation), "Content-Type": kind}, body)
            if answer.status == 500:
                failed.append((name, kind, answer.hint))
    assert failed == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_no_parameter_is_a_defect(door: InProcess, caller: Caller, operation: spec.Operation) -> None:
    usual = good.values(caller.sandbox, operation)
    body = json.dumps(good.BODIES[operation.id]).encode() if operation.id in good.BODIES else b""
    failed = []
    for parameter in operation.parameters:
        for text in TEXTS:
            if parameter.location == "header" and not (text.isprintable() and text.isascii()):
                continue  # no client can send it
            sent = {**usual, parameter.name: text}
            headers = {**caller.headers(operation), "Content-Type": spec.model.JSON}
            if parameter.location == "header":
                headers[parameter.name] = text
            answer = door.send(operation.method, caller.target(operation, sent), headers, body)
            # Segment documents that this one is answered 500.
            asked_for = (parameter.name, text) == ("triggerUnexpectedError", "true")
            if answer.status == 500 and not asked_for:
                failed.append((parameter.name, text[:40], answer.hint))
    assert failed == []
