"""Destination functions: the handler for an event, the meaning of its result, and batches (Functions)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from tpmock.common.durations import seconds
from tpmock.core.timeline import Work
from tpmock.core.vendor_hosts import vendor_hosts
from tpmock.outbound.function_runner import NOT_ALLOWED, TIMEOUT_ERROR, UNAVAILABLE, FunctionCall, FunctionResult
from tpmock.segment.model import Attempt, Delivery, Destination, FunctionOptions, Json
from tpmock.segment.retries import ANSWER_KEPT, Verdict
from tpmock.segment.workspace import Workspace

#: Time limit of a handler, in seconds.
TIMEOUT: Final = 5.0
#: A batch is sent with this number of events, or after this number of seconds; Segment raises the number on request.
BATCH_EVENTS: Final = 20
BATCH_SECONDS: Final = 10.0
BATCH: Final = "onBatch"

#: By the class of the thrown error: Segment's code and its meaning. Only two are retried.
ERRORS: Final[Mapping[str, tuple[str, Verdict]]] = {
    "EventNotSupported": ("UNSUPPORTED_EVENT_TYPE", "discarded"),
    "InvalidEventPayload": ("MESSAGE_REJECTED", "discarded"),
    "ValidationError": ("INVALID_SETTINGS", "discarded"),
    "RetryError": ("RETRY", "retried"),
    TIMEOUT_ERROR: ("ETIMEDOUT", "retried"),
    UNAVAILABLE: ("FUNCTION_UNAVAILABLE", "discarded"),
    NOT_ALLOWED: ("FUNCTION_NOT_ALLOWED", "discarded"),
}
#: For every other error.
OTHER_ERROR: Final[tuple[str, Literal["discarded"]]] = ("BAD_REQUEST", "discarded")

#: Called under the lock with one delivery's attempt and its meaning.
Finish = Callable[[Delivery, Attempt, Verdict], None]


def batches(destination: Destination) -> bool:
    """Return whether the function receives batches."""
    return destination.function is not None and BATCH in destination.function.handlers


def call_for(workspace: Workspace, options: FunctionOptions, message: Json) -> tuple[str, FunctionCall | None]:
    """Return the handler for a message, and its call; None when the function has no such handler."""
    handler = f"on{message['type'].capitalize()}"
    if handler in options.handlers:
        return handler, _call(workspace, options, handler, message)
    # A single message is a batch of one.
    return handler, _call(workspace, options, BATCH, [message]) if BATCH in options.handlers else None


def no_handler(name: str) -> FunctionResult:
    """Return the result of a call for which the function has no handler."""
    return FunctionResult(error="EventNotSupported", message=f"The function has no {name}.")


def call_one(workspace: Workspace, delivery: Delivery, options: FunctionOptions, finish: Finish) -> Work | None:
    """Return work that calls the handler of one event; without a handler it ends immediately."""
    handler, call = call_for(workspace, options, delivery.outgoing.message)
    started = workspace.now()
    if call is None:
        finish(delivery, *classify(no_handler(handler), started))
        return None

    def done(outcome: FunctionResult) -> None:
        finish(delivery, *classify(outcome, started))

    return workspace.outbound.call(call, patience(workspace), delivery.event.trace, done)


def call_batch(workspace: Workspace, deliveries: Sequence[Delivery], options: FunctionOptions, finish: Finish) -> Work:
    """Return work that calls ``onBatch`` with several events."""
    started = workspace.now()
    messages = [delivery.outgoing.message for delivery in deliveries]

    def done(outcome: FunctionResult) -> None:
        for delivery, (attempt, meaning) in zip(deliveries, _each(outcome, len(deliveries), started), strict=True):
            finish(delivery, attempt, meaning)

    return workspace.outbound.call(_call(workspace, options, BATCH, messages), patience(workspace), None, done)


def _call(workspace: Workspace, options: FunctionOptions, handler: str, argument: Any) -> FunctionCall:
    return FunctionCall(
        options.code, handler, argument, options.settings, workspace.public_url.local, tuple(sorted(vendor_hosts()))
    )


def patience(workspace: Workspace) -> float:
    """Return the time limit of a handler, in seconds."""
    return min(TIMEOUT, seconds(workspace.variants["delivery_timeout"]))


def classify(outcome: FunctionResult, started: float) -> tuple[Attempt, Verdict]:
    """Return the meaning of a call's result."""
    console = outcome.console[:ANSWER_KEPT]
    if outcome.error is None:
        return Attempt(started, None, None, None, outcome.milliseconds, console), "delivered"
    code, meaning = ERRORS.get(outcome.error, OTHER_ERROR)
    said = outcome.message if outcome.error in ERRORS else f"{outcome.error}: {outcome.message}"
    return Attempt(started, None, code, said or None, outcome.milliseconds, console), meaning


def _each(outcome: FunctionResult, many: int, started: float) -> list[tuple[Attempt, Verdict]]:
    """Return the result of each event of a batch: the same for all, unless the handler returns one for each."""
    if outcome.error is not None or not isinstance(outcome.value, list) or len(outcome.value) != many:
        return [classify(outcome, started) for _ in range(many)]
    return [_one_of_batch(entry, outcome, started) for entry in outcome.value]


def _one_of_batch(entry: Json | Any, outcome: FunctionResult, started: float) -> tuple[Attempt, Verdict]:
    status = entry.get("status") if isinstance(entry, dict) else None
    said = entry.get("errormessage") if isinstance(entry, dict) else None
    message = said if isinstance(said, str) else None
    attempt = Attempt(started, None, None, message, outcome.milliseconds, outcome.console[:ANSWER_KEPT])
    if not isinstance(status, int) or 200 <= status < 300:  # noqa: PLR2004 - what success means in HTTP
        return attempt, "delivered"
    attempt.status = status
    retryable = status == 429 or status >= 500  # noqa: PLR2004 - as the documentation of functions maps statuses
    return attempt, "retried" if retryable else "discarded"
