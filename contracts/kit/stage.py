"""The vocabulary of steps: what a case can do. One function a step, named as in the case files; and where it plays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.kit import template
from contracts.kit.mock import Item, NoRestError, Sandbox
from contracts.kit.observation import Answer, Observation
from contracts.kit.subjects import Running

# Longer than Segment waits for a destination, so that a slow subject is told apart from a dead one.
PATIENCE = 15.0
_BETWEEN_LOOKS = 0.01


class NotApplicableError(Exception):
    """The case does not apply to this subject; the text says why."""


class NotRunError(Exception):
    """The case cannot be judged here; the text says why."""


class NotAsSaidError(Exception):
    """A step needs something that an answer did not hold; the text says what."""


@dataclass(slots=True)
class Stage:
    """Where a case plays: a sandbox, a subject configured for it, and what was seen so far.

    :param known: what the placeholders stand for.
    :param door: through which the kit's own calls to the API go; None is the plain way.
    """

    sandbox: Sandbox
    subject: Running
    known: dict[str, template.Value]
    seen: Observation = field(default_factory=Observation)
    variants_before: dict[str, str] = field(default_factory=dict)
    faults: list[Item] = field(default_factory=list)
    events_made: int = 0
    door: Callable[..., Answer] | None = None

    def rest(self) -> None:
        """Wait until nothing is due and nothing is under way.

        The sandbox's own idea of rest leaves out calls that a fault holds back, whose caller may have gone long ago.

        :raises NoRestError: when that takes too long.
        """
        self.sandbox.settle()
        slow = [fault for fault in self.faults if fault.get("delay")]
        deadline = time.monotonic() + PATIENCE
        while slow and self.sandbox.held_back(slow):
            if time.monotonic() > deadline:
                raise NoRestError("A call that a fault had held back was never answered.")
            time.sleep(_BETWEEN_LOOKS)
        if slow:
            self.sandbox.settle()

    def clear(self) -> None:
        """Take back what the case changed in the sandbox."""
        if self.faults:
            self.sandbox.disarm()
        if self.variants_before:
            self.sandbox.move(self.variants_before)


Do = Callable[[Stage, Any], None]
STEPS: dict[str, Do] = {}


def step(do: Do) -> Do:
    """Enter a function into the vocabulary, by its name without the underscore."""
    STEPS[do.__name__.removeprefix("_")] = do
    return do
