"""The event tester: tests one event at one destination. It reaches this machine only and applies filters.

The original sends a real event to any destination and skips the filters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tpmock.common.loopback import is_loopback
from tpmock.core.json_text import readable
from tpmock.core.timeline import Work
from tpmock.outbound.function_runner import FunctionResult
from tpmock.outbound.http_client import HttpReply
from tpmock.outbound.sender import OutgoingRequest
from tpmock.segment import delivery, functions, reasons, reporting, retries, tracking
from tpmock.segment.model import Delivery, Destination, Event, Json
from tpmock.segment.workspace import Workspace


@dataclass(slots=True)
class Trial:
    """A running test.

    :param reason: why the event is not sent, if so
    :param works: pending network work
    :param calls: requests with their results
    """

    event: Event
    destination: Destination
    reason: str | None
    explanation: str | None
    works: list[Work] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)

    def document(self) -> Json:
        """Return the result for the control API, after all calls."""
        return {
            "destination": self.destination.name,
            "sent": bool(self.calls),
            "reason": self.reason,
            "explanation": self.explanation,
            "event": self.event.message,
            "calls": self.calls,
        }


def begin(workspace: Workspace, destination: Destination, message: Json) -> Trial:
    """Decide what would happen to ``message``."""
    event = tracking.trial(workspace, message)
    would_be = Delivery(0, event, destination, workspace.now())
    reason = event.reason or delivery.filtered(workspace, would_be)
    if reason is None and not destination.enabled:
        reason = "DESTINATION_DISABLED"
    if reason is not None:
        return Trial(event, destination, reason, reasons.sentence(reason))
    requests = delivery.requests(workspace, would_be.outgoing, destination)
    abroad = [
        request.url for request in requests if not (request.itself or is_loopback(urlsplit(request.url).hostname or ""))
    ]
    if abroad:
        sentence = f"{', '.join(abroad)} is not on this machine, and the tester never leaves it."
        return Trial(event, destination, "NOT_ON_THIS_MACHINE", sentence)
    trial = Trial(event, destination, None, None)
    trial.works = [
        workspace.outbound.send(request, partial(_answered, workspace, trial, request)) for request in requests
    ]
    if destination.function is not None:
        _call(workspace, trial, would_be.outgoing)
    return trial


def _answered(
    workspace: Workspace, trial: Trial, request: OutgoingRequest, reply: HttpReply, started: float
) -> str | None:
    meaning, evidence = retries.classify(reply, workspace.variants["retry_policy"])
    made = retries.attempt(reply, started)
    trial.calls.append(
        {
            "request": reporting.request_document(workspace, request),
            "response": {"status": reply.status, "error": reply.error, "body": readable(made.answer)},
            "meaning": meaning,
        }
    )
    return evidence


def _call(workspace: Workspace, trial: Trial, event: Event) -> None:
    options = trial.destination.function
    assert options is not None  # noqa: S101 - asked before
    handler, call = functions.call_for(workspace, options, event.message)

    def done(outcome: FunctionResult) -> None:
        made, meaning = functions.classify(outcome, workspace.now())
        said: Any = outcome.value if outcome.error is None else outcome.message
        response = {"status": None, "error": made.error, "body": said, "console": outcome.console}
        trial.calls.append({"request": {"handler": handler}, "response": response, "meaning": meaning})

    if call is None:
        done(functions.no_handler(handler))
    else:
        trial.works.append(workspace.outbound.call(call, functions.patience(workspace), trial.event.trace, done))
