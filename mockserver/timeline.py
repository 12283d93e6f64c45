"""What is due in a sandbox, in order of its moments."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

#: Something to do over the network, found due under the lock and done outside it.
Work = Callable[[], None]
#: What happens at a due moment, under the sandbox's lock. It may hand back work for outside the lock.
Act = Callable[[], Work | None]


class Schedule(Protocol):
    """What a rule needs of the timeline."""

    def at(self, moment: float, act: Act) -> None:
        """Let ``act`` happen at ``moment`` of the sandbox's clock, or at once if that is past."""


@dataclass(order=True, slots=True)
class _Due:
    moment: float
    order: int
    act: Act = field(compare=False)


class Timeline:
    """The ordered list of what is due. Used under the sandbox's lock.

    :param on_earlier: told when something became due earlier than all before it
    """

    __slots__ = ("_due", "_on_earlier", "_order", "in_flight")

    def __init__(self, on_earlier: Callable[[], None]) -> None:
        self._due: list[_Due] = []
        self._order = 0
        self._on_earlier = on_earlier
        #: Work that was handed out and is not finished.
        self.in_flight = 0

    def at(self, moment: float, act: Act) -> None:
        """Let ``act`` happen at ``moment``; things of one moment happen in the order they were asked for."""
        self._order += 1
        heapq.heappush(self._due, _Due(moment, self._order, act))
        if self._due[0].order == self._order:
            self._on_earlier()

    @property
    def next(self) -> float | None:
        """When the next thing is due."""
        return self._due[0].moment if self._due else None

    def count(self, until: float) -> int:
        """How many things are due by ``until``."""
        return sum(1 for due in self._due if due.moment <= until)

    def pop(self, until: float) -> tuple[float, Act] | None:
        """Take out the next thing that is due by ``until``, with its moment."""
        if not self._due or self._due[0].moment > until:
            return None
        due = heapq.heappop(self._due)
        return due.moment, due.act
