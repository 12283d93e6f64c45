"""How many events reached which step of the pipeline: counts that stay when the events themselves are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver.ring import Ring
from mockserver.segment.reasons import Step

#: How many rows of counts are kept; totals are kept for ever.
ROWS: Final = 10_000
#: A longer name of an event is cut, so that rows stay small.
LONGEST: Final = 100


@dataclass(slots=True)
class Count:
    """Events of one minute that are alike.

    :param minute: of the sandbox's time, since 1970
    :param destination: the name of its instance; None at the steps before there is one
    :param total: how many
    :param retried: how many of them needed more than one try
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
class TallyState:
    """All counts, as they are kept.

    :param totals: step, destination, reason and number, since the sandbox began
    """

    rows: list[Count] = field(default_factory=list)
    totals: list[tuple[Step, str | None, str | None, int]] = field(default_factory=list)


_Alike = tuple[int, Step, str, str | None, str | None, str, str | None, str | None]


class Tally:
    """The counts of a workspace. Used under the sandbox's lock."""

    __slots__ = ("_rows", "totals")

    def __init__(self, state: TallyState) -> None:
        self._rows: Ring[_Alike, Count] = Ring(ROWS)
        for row in state.rows:
            self._rows[_alike(row)] = row
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
        """One event reached a step.

        :param message: as it came, whatever it is
        """
        row = Count(int(moment // 60), step, source, destination, reason, *_described(message))
        row = self._rows.setdefault(_alike(row), row)
        row.total += 1
        row.retried += retried
        key = (step, destination, reason)
        self.totals[key] = self.totals.get(key, 0) + 1

    def rows(self) -> Iterator[Count]:
        """All rows, oldest first."""
        yield from self._rows.values()

    def total(self, *steps: Step, destination: str | None = None) -> int:
        """How many events reached one of some steps since the sandbox began, at one destination or at all."""
        return sum(
            number for (step, name, _), number in self.totals.items() if step in steps and destination in (None, name)
        )

    def state(self) -> TallyState:
        """Everything, as records, which are the living ones."""
        return TallyState(rows=list(self.rows()), totals=[(*key, number) for key, number in self.totals.items()])


def _alike(row: Count) -> _Alike:
    return (
        row.minute,
        row.step,
        row.source,
        row.destination,
        row.reason,
        row.event_type,
        row.event_name,
        row.app_version,
    )


def _described(message: Any) -> Iterable[Any]:
    """Type, name and app version of a message, each only where it is a text."""
    if not isinstance(message, dict):
        return "", None, None
    context = message.get("context")
    app = context.get("app") if isinstance(context, dict) else None
    kind, name = _word(message.get("type")), _word(message.get("event"))
    return kind or "", name, _word(app.get("version") if isinstance(app, dict) else None)


def _word(value: Any) -> str | None:
    return value[:LONGEST] if isinstance(value, str) else None
