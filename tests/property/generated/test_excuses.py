"""Every excuse is still needed: the call that shows it is refused, with the words that excuse it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.property.generated import good
from tests.property.generated.callers import Caller, operations
from tests.property.generated.excuses import EMPTIED, REFUSALS, SHARED, Excuse, excused
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    door = InProcess()
    made = Caller(SandboxUnderTest(door, Judge()))
    made.sandbox.connect("http://127.0.0.1:9/")
    yield made
    door.close()


@pytest.mark.parametrize("excuse", REFUSALS, ids=lambda one: f"{one.operation}-{one.words}")
def test_what_the_document_allows_is_refused_with_a_sentence(caller: Caller, excuse: Excuse) -> None:
    operation = operations()[excuse.operation]
    values = good.values(caller.sandbox, operation) | dict(excuse.values)
    body = good.BODIES.get(operation.id) if excuse.body is None else excuse.body
    assert all(schema.violation(body) is None for schema in operation.body.values() if body is not None)
    answer = caller.call(operation, values, body)
    assert answer.status == excuse.status, answer.text
    assert excuse.words in answer.hint


@pytest.mark.parametrize(("operation", "methods"), SHARED.items())
def test_a_path_answers_the_methods_of_two_operations(caller: Caller, operation: str, methods: str) -> None:
    path = operations()[operation].path.replace("{sandboxId}", caller.sandbox.id)
    assert caller.sandbox.call("OPTIONS", path).headers["Allow"] == methods


@pytest.mark.parametrize(("listing", "emptying"), EMPTIED.items())
def test_an_emptied_list_is_still_a_list(caller: Caller, listing: str, emptying: str) -> None:
    for name in (emptying, listing):
        operation = operations()[name]
        answer = caller.call(operation, good.values(caller.sandbox, operation), None)
        assert answer.status < 300, answer.text
    assert operations()[listing].path == operations()[emptying].path


def test_an_empty_list_in_a_query_is_as_good_as_none(caller: Caller) -> None:
    operation = operations()["getProductReviewsSummary"]
    values = good.values(caller.sandbox, operation)
    answers = [caller.call(operation, values | more, None) for more in ({"stars": ""}, {})]
    assert answers[0].json == answers[1].json
    url = "http://127.0.0.1/v1/x?sku=ABC-1234&stars="
    assert excused("AcceptedNegativeData", operation.id, 200, "", url=url)
    assert not excused("AcceptedNegativeData", operation.id, 200, "", url=f"{url}5")
