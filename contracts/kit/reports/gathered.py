"""A whole run, gathered for reports that are written when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.kit.cases import Case
from contracts.kit.findings import Outcome, Result
from contracts.kit.run_events import CaseFinished, RunEvent, RunFinished, RunStarted


@dataclass(frozen=True, slots=True)
class Judged:
    """A case and what it came to."""

    case: Case
    outcome: Outcome

    @property
    def counted(self) -> Result:
        """The result as a build server should count it: what is listed with a reason makes no build red."""
        return Result.NOT_APPLICABLE if self.outcome.excuse else self.outcome.result


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to."""

    started: RunStarted
    finished: RunFinished
    judged: tuple[Judged, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many cases came to each result, in the order of weight."""
        return {str(result): self.finished.results[result] for result in Result}


@dataclass(slots=True)
class Gathering:
    """Listens to a run and hands it over when it is finished.

    :param write: gets the whole.
    """

    write: Callable[[Report], object]
    _started: RunStarted | None = field(init=False, default=None)
    _judged: list[Judged] = field(init=False, default_factory=list)

    def __call__(self, event: RunEvent) -> None:
        """Take what the run tells."""
        match event:
            case RunStarted():
                self._started = event
            case CaseFinished():
                self._judged.append(Judged(event.case, event.outcome))
            case RunFinished() if self._started is not None:
                self.write(Report(self._started, event, tuple(self._judged)))
            case _:
                pass
