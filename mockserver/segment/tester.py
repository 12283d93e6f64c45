"""The event tester: what one event would do at one destination. It reaches this machine only and applies filters.

The original sends a real event, wherever the destination is, and goes round the filters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from mockserver.courier import Reply
from mockserver.functions.runner import Outcome
from mockserver.loopback import is_loopback
from mockserver.outbound import Letter
from mockserver.segment import attempts, delivery, functions, reasons, reporting, tracking
from mockserver.segment.model import Delivery, Destination, Event, Json
from mockserver.segment.workspace import Workspace
from mockserver.timeline import Work


@dataclass(slots=True)
class Trial:
    """A test under way.

    :param reason: why nothing is sent, if nothing is
    :param works: what has to be done for it, over the network
    :param calls: what was sent and what came of it
    """

    event: Event
    destination: Destination
    reason: str | None
    explanation: str | None
    works: list[Work] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)

    def document(self) -> Json:
        """For the control API, when all is done."""
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
    letters = delivery.letters(workspace, would_be.outgoing, destination)
    abroad = [letter.url for letter in letters if not is_loopback(urlsplit(letter.url).hostname or "")]
    if abroad:
        sentence = f"{', '.join(abroad)} is not on this machine, and the tester never leaves it."
        return Trial(event, destination, "NOT_ON_THIS_MACHINE", sentence)
    trial = Trial(event, destination, None, None)
    trial.works = [workspace.outbound.send(letter, partial(_answered, workspace, trial, letter)) for letter in letters]
    if destination.function is not None:
        _call(workspace, trial, would_be.outgoing)
    return trial


def _answered(workspace: Workspace, trial: Trial, letter: Letter, reply: Reply, started: float) -> str | None:
    meaning, evidence = attempts.judged(workspace, reply)
    made = attempts.attempt(reply, started)
    trial.calls.append(
        {
            "request": reporting.request_document(workspace, letter),
            "response": {"status": reply.status, "error": reply.error, "body": reporting.readable(made.answer)},
            "meaning": meaning,
        }
    )
    return evidence


def _call(workspace: Workspace, trial: Trial, event: Event) -> None:
    options = trial.destination.function
    assert options is not None  # noqa: S101 - asked before
    handler, call = functions.call_for(options, event.message)

    def done(outcome: Outcome) -> None:
        made, meaning = functions.judged(outcome, workspace.now())
        trial.calls.append(_called(handler, outcome, made.error, meaning))

    if call is None:
        done(functions.no_handler(handler))
    else:
        trial.works.append(workspace.outbound.call(call, functions.patience(workspace), trial.event.trace, done))


def _called(handler: str, outcome: Outcome, code: str | None, meaning: str) -> Json:
    said: Any = outcome.value if outcome.error is None else outcome.message
    return {
        "request": {"handler": handler},
        "response": {"status": None, "error": code, "body": said, "console": outcome.console},
        "meaning": meaning,
    }
