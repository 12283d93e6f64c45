"""What a run tells its reporters, in the order in which it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from contracts.kit.cases import Case
from contracts.kit.findings import Outcome, Result


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first event.

    :param subject: what is judged, for people.
    :param seed: what all chance in the run follows from.
    """

    plan: str
    subject: str
    seed: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class CaseStarted:
    """A case begins."""

    case: Case


@dataclass(frozen=True, slots=True)
class ExampleTried:
    """One more made-up history was played, or a smaller one for a failure.

    :param shrinking: whether something was found, and is being made smaller.
    """

    tried: int
    most: int
    shrinking: bool


@dataclass(frozen=True, slots=True)
class CaseFinished:
    """A case is judged, or will not be."""

    case: Case
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event.

    :param results: how many cases came to which result.
    :param impossible: why the run had to end early; empty when it did not.
    :param excused: how many cases failed or were not run, as was expected of them.
    """

    results: Counter[Result]
    milliseconds: float
    impossible: str = ""
    excused: int = 0

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, 1 when something failed or was not run, 2 when the run itself was impossible."""
        if self.impossible:
            return 2
        return 1 if self.results[Result.FAILED] + self.results[Result.NOT_RUN] > self.excused else 0


RunEvent = RunStarted | CaseStarted | ExampleTried | CaseFinished | RunFinished
Reporter = Callable[[RunEvent], None]
