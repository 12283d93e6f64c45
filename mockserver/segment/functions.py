"""Destination functions: which handler an event goes to, what its end means, and how batches form (Functions)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from contracts import spec
from mockserver.clock import seconds
from mockserver.functions.runner import TIMEOUT_ERROR, UNAVAILABLE, Call, Outcome
from mockserver.segment.attempts import ANSWER_KEPT
from mockserver.segment.model import Attempt, Delivery, Destination, FunctionOptions, Json
from mockserver.segment.retries import Outcome as Meaning
from mockserver.segment.workspace import Workspace
from mockserver.timeline import Work

#: Seconds for a handler.
TIMEOUT: Final = 5.0
#: A batch goes when so many events have come, or after so many seconds; Segment raises the number on request.
BATCH_EVENTS: Final = 20
BATCH_SECONDS: Final = 10.0
BATCH: Final = "onBatch"

#: The class of what a handler throws: Segment's code for it and what it means. Only two are tried again.
ERRORS: Final[Mapping[str, tuple[str, Meaning]]] = {
    "EventNotSupported": ("UNSUPPORTED_EVENT_TYPE", "discarded"),
    "InvalidEventPayload": ("MESSAGE_REJECTED", "discarded"),
    "ValidationError": ("INVALID_SETTINGS", "discarded"),
    "RetryError": ("RETRY", "retried"),
    TIMEOUT_ERROR: ("ETIMEDOUT", "retried"),
    UNAVAILABLE: ("FUNCTION_UNAVAILABLE", "discarded"),
}
#: Whatever else is thrown.
OTHER_ERROR: Final[tuple[str, Literal["discarded"]]] = ("BAD_REQUEST", "discarded")

#: Told, under the lock, of one delivery's attempt and what it means.
Finish = Callable[[Delivery, Attempt, Meaning], None]


def batches(destination: Destination) -> bool:
    """Whether events are gathered for it."""
    return destination.function is not None and BATCH in destination.function.handlers


def call_for(options: FunctionOptions, message: Json) -> tuple[str, Call | None]:
    """The handler a message goes to, and the call of it; None when the function has no such handler."""
    handler = f"on{message['type'].capitalize()}"
    if handler in options.handlers:
        return handler, _call(options, handler, message)
    # One message is a batch of one.
    return handler, _call(options, BATCH, [message]) if BATCH in options.handlers else None


def no_handler(name: str) -> Outcome:
    """How a call ends that the function has no handler for."""
    return Outcome(error="EventNotSupported", message=f"The function has no {name}.")


def call_one(workspace: Workspace, delivery: Delivery, options: FunctionOptions, finish: Finish) -> Work | None:
    """Work that calls the handler of one event; without a handler it is finished at once."""
    handler, call = call_for(options, delivery.outgoing.message)
    started = workspace.now()
    if call is None:
        finish(delivery, *judged(no_handler(handler), started))
        return None

    def done(outcome: Outcome) -> None:
        finish(delivery, *judged(outcome, started))

    return workspace.outbound.call(call, patience(workspace), delivery.event.trace, done)


def call_batch(workspace: Workspace, deliveries: Sequence[Delivery], options: FunctionOptions, finish: Finish) -> Work:
    """Work that calls ``onBatch`` with several events."""
    started = workspace.now()
    messages = [delivery.outgoing.message for delivery in deliveries]

    def done(outcome: Outcome) -> None:
        for delivery, (attempt, meaning) in zip(deliveries, _each(outcome, len(deliveries), started), strict=True):
            finish(delivery, attempt, meaning)

    return workspace.outbound.call(_call(options, BATCH, messages), patience(workspace), None, done)


def _call(options: FunctionOptions, handler: str, argument: Any) -> Call:
    return Call(options.code, handler, argument, options.settings, options.api_url, _vendor_hosts())


@lru_cache(maxsize=1)
def _vendor_hosts() -> tuple[str, ...]:
    """What the mock stands in for."""
    apis = ("trustpilot", "segment-tracking")
    return tuple(sorted({host for api in apis for each in spec.load(api).operations.values() for host in each.hosts}))


def patience(workspace: Workspace) -> float:
    """How many seconds a handler has."""
    return min(TIMEOUT, seconds(workspace.variants["delivery_timeout"]))


def judged(outcome: Outcome, started: float) -> tuple[Attempt, Meaning]:
    """What the end of a call means."""
    console = outcome.console[:ANSWER_KEPT]
    if outcome.error is None:
        return Attempt(started, None, None, None, outcome.milliseconds, console), "delivered"
    code, meaning = ERRORS.get(outcome.error, OTHER_ERROR)
    said = outcome.message if outcome.error in ERRORS else f"{outcome.error}: {outcome.message}"
    return Attempt(started, None, code, said or None, outcome.milliseconds, console), meaning


def _each(outcome: Outcome, many: int, started: float) -> list[tuple[Attempt, Meaning]]:
    """What became of each event of a batch: all alike, unless the handler says otherwise for each."""
    if outcome.error is not None or not isinstance(outcome.value, list) or len(outcome.value) != many:
        return [judged(outcome, started) for _ in range(many)]
    return [_one_of_batch(entry, outcome, started) for entry in outcome.value]


def _one_of_batch(entry: Json | Any, outcome: Outcome, started: float) -> tuple[Attempt, Meaning]:
    status = entry.get("status") if isinstance(entry, dict) else None
    said = entry.get("errormessage") if isinstance(entry, dict) else None
    message = said if isinstance(said, str) else None
    attempt = Attempt(started, None, None, message, outcome.milliseconds, outcome.console[:ANSWER_KEPT])
    if not isinstance(status, int) or 200 <= status < 300:  # noqa: PLR2004 - what success means in HTTP
        return attempt, "delivered"
    attempt.status = status
    retryable = status == 429 or status >= 500  # noqa: PLR2004 - as functions are told to map what they call
    return attempt, "retried" if retryable else "discarded"
