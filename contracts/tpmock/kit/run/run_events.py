"""Events of a run for its reporters, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec
from tpmock.kit.cases.case_files import Case
from tpmock.kit.vocabulary.findings import CaseOutcome, Result


class RunStarted(msgspec.Struct, frozen=True):
    """The first event."""

    plan: str
    subject: str
    seed: int
    cases: tuple[Case, ...]


class CaseStarted(msgspec.Struct, frozen=True):
    """A case begins."""

    case: Case


class ExampleTried(msgspec.Struct, frozen=True):
    """One more generated history ran, or a smaller one for a failure.

    :param shrinking: whether a failure was found and is being shrunk
    """

    tried: int
    most: int
    shrinking: bool


class CaseFinished(msgspec.Struct, frozen=True):
    """A case was judged, or will not be."""

    case: Case
    outcome: CaseOutcome

    @property
    def counted(self) -> Result:
        """The result for a build server: an expected failure with a reason does not fail the build."""
        return Result.NOT_APPLICABLE if self.outcome.excuse else self.outcome.result


class RunFinished(msgspec.Struct, frozen=True):
    """The last event.

    :param impossible: why the run had to end early; empty when it did not
    :param results: how many cases of the subject came to each result
    :param excused: how many cases failed or were not run, as expected
    :param of_mock: how many cases that test the mock came to each result; they are not in ``results``
    """

    results: Counter[Result]
    milliseconds: float
    impossible: str = ""
    excused: int = 0
    of_mock: Counter[Result] = msgspec.field(default_factory=Counter)

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, 1 when something failed or was not run, 2 when the run itself was impossible."""
        if self.impossible:
            return 2
        every = self.results + self.of_mock
        return 1 if every[Result.FAILED] + every[Result.NOT_RUN] > self.excused else 0


RunEvent = RunStarted | CaseStarted | ExampleTried | CaseFinished | RunFinished
Reporter = Callable[[RunEvent], None]
