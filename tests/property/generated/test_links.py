"""Every declared link is followed once, from a real answer, and leads somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from tpmock import spec

from tests.property.generated import good
from tests.property.generated.callers import Caller, operations
from tests.support.doors import Answer, InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest, an_order

Values = Mapping[str, Any]

OPERATIONS: Final = operations()
LINKS: Final = [
    (operation, status, link)
    for operation in OPERATIONS.values()
    for status, response in operation.responses.items()
    for link in response.links.values()
]


@pytest.fixture(scope="module")
def door() -> Iterator[InProcess]:
    opened = InProcess()
    yield opened
    opened.close()


@pytest.fixture
def caller(door: InProcess) -> Iterator[Caller]:
    made = Caller(SandboxUnderTest(door, Judge()))
    yield made
    made.sandbox.call("DELETE", f"/_mock/sandboxes/{made.sandbox.id}")


def call(caller: Caller, operation_id: str) -> Answer:
    """A call that says yes."""
    operation = OPERATIONS[operation_id]
    return caller.call(operation, good.values(caller.sandbox, operation), good.BODIES.get(operation_id))


def a_conversation(caller: Caller) -> Values:
    answer: Values = call(caller, "createProductReviewConversation").json
    return answer


def a_destination(caller: Caller) -> Values:
    call(caller, "putSegmentDestination")
    return {}


def a_mail(caller: Caller) -> Values:
    caller.sandbox.invite()
    return {"collection": "invitations"}


def a_call(caller: Caller) -> Values:
    caller.sandbox.invite()
    return {}


def an_event(caller: Caller) -> Values:
    caller.sandbox.track(an_order())
    return {}


def a_tag(caller: Caller) -> Values:
    call(caller, "addServiceReviewTags")
    return {}


def a_webhook(caller: Caller) -> Values:
    call(caller, "createWebhookSubscription")
    call(caller, "writeReview")
    return {"collection": "webhooks"}


def more_than_a_page(caller: Caller) -> Values:
    for _ in range(100):
        call(caller, "writeReview")
    return {}


def two_deletions(caller: Caller) -> Values:
    for number in range(2):
        caller.sandbox.control("DELETE", f"/reviews/53bffd36000064000297537{number}")
        caller.sandbox.control("DELETE", f"/consumers/61761f1e8d2c4a0013b5c7d{9 + number:x}")
    return {}


#: What has to be there before an answer holds what its links need; gives parameters of the call.
BEFORE: Final[Mapping[str, Callable[[Caller], Values]]] = {
    "listAllServiceReviews-listAllServiceReviews": more_than_a_page,
    "listDeletedReviews-listDeletedReviews": two_deletions,
    "listDeletedConsumers-listDeletedConsumers": two_deletions,
    "listServiceReviewTags-deleteServiceReviewTag": a_tag,
    **{
        f"{operation}-{name}": a_destination
        for operation in ("getSegmentDestination", "changeSegmentDestination")
        for name in OPERATIONS[operation].responses["200"].links
    },
    "listTraces-getTrace": a_call,
    "listJournal-getJournalEntry": a_call,
    "listJournal-getJournalEntryAsCurl": a_call,
    "listSegmentCollection-getSegmentPipeline": an_event,
    "createFilterForDestination-getFilterInDestination": a_destination,
    "createFilterForDestination-removeFilterFromDestination": a_destination,
    "listWorldCollection-getInvitationMail": a_mail,
    "listWorldCollection-replayWebhook": a_webhook,
}
#: The only values that a link may leave to its user: it must name all others.
LEFT_OPEN: Final = {"partnerId", "collection", "name", "stars"}


@pytest.mark.parametrize(
    ("source", "status", "link"), LINKS, ids=[f"{source.id}-{status}-{link.name}" for source, status, link in LINKS]
)
def test_a_link_leads_from_a_real_answer_to_another(
    caller: Caller, source: spec.Operation, status: str, link: spec.model.Link
) -> None:
    values = good.values(caller.sandbox, source)
    detour = f"{source.id}-{link.name}"
    if detour in BEFORE:
        values |= BEFORE[detour](caller)
    if "{conversationId}" in source.path:
        values |= a_conversation(caller)
    answer = caller.call(source, values, good.BODIES.get(source.id))
    assert answer.status == int(status), answer.text

    target = OPERATIONS[link.operation_id]
    given = {name: resolved(wanted, answer, values) for name, wanted in link.parameters.items()}
    left = {one.name for one in target.parameters if one.location == "path"} - given.keys()
    assert left <= LEFT_OPEN, f"{left}: which one is meant?"
    body = good.BODIES.get(target.id) if link.body is None else resolved(link.body, answer, values)
    followed = caller.call(target, good.values(caller.sandbox, target) | given, body)
    assert 200 <= followed.status < 400, f"{target.id}: {followed.status} {followed.text}"


def resolved(wanted: Any, answer: Answer, values: Values) -> Any:
    """What an expression stands for, at any depth of a body.

    :raises AssertionError: when there is nothing of the kind
    """
    if isinstance(wanted, dict):
        return {name: resolved(part, answer, values) for name, part in wanted.items()}
    if isinstance(wanted, list):
        return [resolved(part, answer, values) for part in wanted]
    if not (isinstance(wanted, str) and wanted.startswith("$")):
        return wanted
    if wanted.startswith("$request."):
        return values[wanted.rpartition(".")[2]]
    value = answer.json
    for step in wanted.removeprefix("$response.body#/").split("/"):
        value = value[int(step) if isinstance(value, list) else step]
    assert value is not None, f"{wanted} is null in {answer.text}"
    return value


def test_every_detour_is_still_needed() -> None:
    assert BEFORE.keys() <= {f"{source.id}-{link.name}" for source, _, link in LINKS}
