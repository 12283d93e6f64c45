"""Counts of events per pipeline step. They stay when the events themselves are dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from tpmock.core.bounded import BoundedDict
from tpmock.segment.reasons import Step

#: Maximum number of rows of counts; totals are kept permanently.
ROWS: Final = 10_000
#: Longer event names are cut, so that rows stay small.
LONGEST: Final = 100


@dataclass(slots=True)
class Count:
    """Count of similar events of one minute.

    :param minute: of the sandbox's time, since 1970
    :param destination: the name of its instance; None at the steps before a destination
    :param total: number of events
    :param retried: number of events that needed more than one attempt
    """

    minute: int
    step: Step
    source: str
    destination: str | None
    reason: str | None
    event_type: str
    event_name: str | None
    app_version: str | None
    total: int = 0
    retried: int = 0


@dataclass(slots=True, kw_only=True)
class CountersState:
    """All counts, as saved.

    :param totals: step, destination, reason and number, since the sandbox was created
    """

    rows: list[Count] = field(default_factory=list)
    totals: list[tuple[Step, str | None, str | None, int]] = field(default_factory=list)


class Counters:
    """The counts of a workspace. Used under the sandbox's lock."""

    __slots__ = ("_rows", "totals")

    def __init__(self, state: CountersState) -> None:
        self._rows = BoundedDict({_alike(row): row for row in state.rows}, size=ROWS)
        #: By step, destination and reason.
        self.totals: dict[tuple[Step, str | None, str | None], int] = {
            (step, destination, reason): number for step, destination, reason, number in state.totals
        }

    def add(
        self,
        moment: float,
        step: Step,
        source: str,
        message: Any,
        *,
        destination: str | None = None,
        reason: str | None = None,
        retried: bool = False,
    ) -> None:
        """Count one event at a step.

        :param message: unchanged, of any type
        """
        row = Count(int(moment // 60), step, source, destination, reason, *_described(message))
        row = self._rows.setdefault(_alike(row), row)
        row.total += 1
        row.retried += retried
        key = (step, destination, reason)
        self.totals[key] = self.totals.get(key, 0) + 1

    def rows(self) -> Iterator[Count]:
        """Return all rows, oldest first."""
        yield from self._rows.values()

    def total(self, *steps: Step, destination: str | None = None) -> int:
        """Return the number of events that reached one of some steps, at one or all destinations."""
        return sum(
            number for (step, name, _), number in self.totals.items() if step in steps and destination in (None, name)
        )

    def state(self) -> CountersState:
        """Return all counts as records. They are the live ones."""
        return CountersState(rows=list(self.rows()), totals=[(*key, number) for key, number in self.totals.items()])


#: The key by which rows are merged.
_alike: Final = attrgetter(
    *("minute", "step", "source", "destination", "reason", "event_type", "event_name", "app_version")
)


def _described(message: Any) -> Iterable[Any]:
    """Return type, name and app version of a message, each only if it is a text."""
    if not isinstance(message, dict):
        return "", None, None
    context = message.get("context")
    app = context.get("app") if isinstance(context, dict) else None
    kind, name = _word(message.get("type")), _word(message.get("event"))
    return kind or "", name, _word(app.get("version") if isinstance(app, dict) else None)


def _word(value: Any) -> str | None:
    return value[:LONGEST] if isinstance(value, str) else None
