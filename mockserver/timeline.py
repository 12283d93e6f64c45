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


@dataclass(order=True, slots=True)
class Due:
    """Something that will happen. ``act`` is None once it was called off."""

    moment: float
    order: int
    act: Act | None = field(compare=False)


class Schedule(Protocol):
    """What a rule needs of the timeline."""

    def at(self, moment: float, act: Act) -> Due:
        """Let ``act`` happen at ``moment`` of the sandbox's clock, or at once if that is past."""

    def call_off(self, due: Due) -> None:
        """Let it not happen."""


class Timeline:
    """The ordered list of what is due. Used under the sandbox's lock.

    :param on_earlier: told when something became due earlier than all before it
    """

    __slots__ = ("_called_off", "_due", "_on_earlier", "_order", "in_flight")

    def __init__(self, on_earlier: Callable[[], None]) -> None:
        self._due: list[Due] = []
        self._called_off = 0
        self._order = 0
        self._on_earlier = on_earlier
        #: Work that was handed out and is not finished.
        self.in_flight = 0

    def at(self, moment: float, act: Act) -> Due:
        """Let ``act`` happen at ``moment``; things of one moment happen in the order they were asked for."""
        self._order += 1
        due = Due(moment, self._order, act)
        heapq.heappush(self._due, due)
        if self._due[0] is due:
            self._on_earlier()
        return due

    def call_off(self, due: Due) -> None:
        """Let it not happen. Calling off what has happened changes nothing."""
        if due.act is None:
            return
        due.act = None
        self._called_off += 1
        if self._called_off > len(self._due) // 2:
            self._due = [entry for entry in self._due if entry.act is not None]
            heapq.heapify(self._due)
            self._called_off = 0

    @property
    def next(self) -> float | None:
        """When the next thing is due."""
        while self._due and self._due[0].act is None:
            heapq.heappop(self._due)
            self._called_off -= 1
        return self._due[0].moment if self._due else None

    def count(self, until: float) -> int:
        """How many things are due by ``until``."""
        return sum(1 for due in self._due if due.moment <= until and due.act is not None)

    def pop(self, until: float) -> tuple[float, Act] | None:
        """Take out the next thing that is due by ``until``, with its moment."""
        moment = self.next
        if moment is None or moment > until:
            return None
        due = heapq.heappop(self._due)
        act, due.act = due.act, None
        return None if act is None else (moment, act)
