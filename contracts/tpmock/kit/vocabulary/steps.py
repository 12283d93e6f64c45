"""Vocabulary of steps: one function a step, named as in the case files; and the environment of a step.

What a step means is in ``schemas/case.json``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import requests
from tpmock.kit.cases import template
from tpmock.kit.subjects.http import PATIENCE, send
from tpmock.kit.subjects.mock_client import Item, NoRestError, SandboxClient
from tpmock.kit.subjects.subjects import RunningSubject
from tpmock.kit.vocabulary.observation import USER_AGENT, Observation, ReceivedAnswer
from tpmock.kit.vocabulary.waiting import Waiting

BETWEEN_LOOKS = 0.01


class NotApplicableError(Exception):
    """The case does not apply to this subject; the text says why."""


class NotRunError(Exception):
    """The case cannot be judged here; the text says why."""


class NotAsSaidError(Exception):
    """A step needs something that an answer did not hold; the text says what."""


class StepContext(msgspec.Struct):
    """Environment of a running case: a sandbox, a subject configured for it, and the observations so far.

    :param known: what the placeholders stand for
    :param waiting: the real time that the subject is given
    :param caller: through which the kit's own calls to the API go; None is the plain way
    """

    sandbox: SandboxClient
    subject: RunningSubject
    known: dict[str, template.Value]
    waiting: Waiting
    seen: Observation = msgspec.field(default_factory=Observation)
    variants_before: dict[str, str] = msgspec.field(default_factory=dict)
    faults: list[Item] = msgspec.field(default_factory=list)
    events_made: int = 0
    caller: Callable[..., ReceivedAnswer] | None = None

    def rest(self) -> None:
        """Wait until nothing is due and nothing is in progress.

        The sandbox's state of rest ignores calls that a fault holds, whose caller may be gone.
        """
        self.sandbox.settle()
        slow = [fault for fault in self.faults if fault.get("delay")]
        deadline = time.monotonic() + PATIENCE
        while slow and self.sandbox.held_back(slow):
            if time.monotonic() > deadline:
                raise NoRestError("A call that a fault had held back was never answered.")
            time.sleep(BETWEEN_LOOKS)
        if slow:
            self.sandbox.settle()
        self.waiting.for_queue()

    def before_retry(self) -> None:
        """Give the subject the time that it asked for."""
        self.waiting.before_retry(self.seen.answers)

    def clear(self) -> None:
        """Undo what the case changed in the sandbox."""
        if self.faults:
            self.sandbox.disarm()
        if self.variants_before:
            self.sandbox.move(self.variants_before)


StepFunction = Callable[[StepContext, Any], None]
STEPS: dict[str, StepFunction] = {}


def step(do: StepFunction) -> StepFunction:
    """Register a function as a step, by its name without the underscore."""
    STEPS[do.__name__.removeprefix("_")] = do
    return do


def answered(what: str, method: str, url: str, **options: Any) -> ReceivedAnswer:
    """Make a call and return the answer, or why there is none.

    :param what: what the call is, for reports
    """
    headers = {"User-Agent": USER_AGENT, **options.pop("headers", {})}
    began = time.monotonic()
    try:
        response = send(method, url, headers=headers, **options)
    except requests.RequestException as problem:
        error = f"no answer ({type(problem).__name__})"
        return ReceivedAnswer(None, error=error, what=what, seconds=time.monotonic() - began)
    return ReceivedAnswer(
        response.status_code,
        response.headers.get("Content-Type", ""),
        response.text,
        what=what,
        retry_after=response.headers.get("Retry-After", ""),
        seconds=time.monotonic() - began,
    )
