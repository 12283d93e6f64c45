"""Collects a whole run, for reports that are written when it is over."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field

import msgspec
from tpmock.kit.run.run_events import CaseFinished, RunEvent, RunFinished, RunStarted
from tpmock.kit.vocabulary.findings import Result


class RunReport(msgspec.Struct, frozen=True):
    """Results of a run."""

    started: RunStarted
    finished: RunFinished
    judged: tuple[CaseFinished, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many cases came to each result, in the order of weight."""
        return {str(result): self.finished.results[result] for result in Result}


@dataclass(slots=True)
class Collector:
    """Listens to a run and hands it over when it is finished."""

    write: Callable[[RunReport], object]
    _started: RunStarted | None = field(init=False, default=None)
    _judged: list[CaseFinished] = field(init=False, default_factory=list)

    def __call__(self, event: RunEvent) -> None:
        """Take an event of the run."""
        match event:
            case RunStarted():
                self._started = event
            case CaseFinished():
                self._judged.append(event)
            case RunFinished() if self._started is not None:
                self.write(RunReport(self._started, event, tuple(self._judged)))
            case _:
                pass


def gathered(run: Generator[RunEvent]) -> RunReport:
    """Follow a run to its end, and return its results."""
    kept: list[RunReport] = []
    gathering = Collector(kept.append)
    with closing(run) as events:
        for event in events:
            gathering(event)
    return kept[0]
