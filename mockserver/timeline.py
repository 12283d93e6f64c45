"""What is due in a sandbox, in order of its moments, as plain data: it can be listed, kept and brought back."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol, TypeVar

#: Something to do over the network, found due under the lock and done outside it.
Work = Callable[[], None]
#: What happens at a due moment, under the sandbox's lock: given the world or workspace and the subject. It may hand
#: back work for outside the lock.
Act = Callable[[Any, str], Work | None]

_A = TypeVar("_A", bound=Act)


@dataclass(frozen=True, slots=True)
class Due:
    """Something that will happen.

    :param number: things of one moment happen in the order of their numbers
    :param act: a name from :class:`Acts`
    :param subject: the id of what it happens to
    """

    moment: float
    number: int
    act: str
    subject: str


@dataclass(frozen=True, slots=True)
class TimelineState:
    """A timeline that is kept.

    :param last: the last number given
    :param dues: what is due, and what was under way: nobody knows whether that arrived, so it has to happen again
    """

    last: int
    dues: list[Due]


class Acts:
    """What can fall due, by name: as bindings are for operations."""

    def __init__(self) -> None:
        self.by_name: dict[str, Act] = {}

    def performs(self, name: str) -> Callable[[_A], _A]:
        """Let a function be what happens under that name."""

        def bind(act: _A) -> _A:
            self.by_name[name] = act
            return act

        return bind


class Schedule(Protocol):
    """What a rule needs of the timeline."""

    def at(self, moment: float, act: str, subject: str) -> int:
        """Let ``act`` happen to ``subject`` at ``moment`` of the sandbox's clock, or at once if that is past."""

    def call_off(self, number: int) -> None:
        """Let it not happen."""

    def waits(self, number: int) -> bool:
        """Whether it is still to happen."""


class Timeline:
    """The ordered list of what is due. Used under the sandbox's lock.

    :param on_earlier: told when something became due earlier than all before it
    :param state: what it was when it was kept
    """

    __slots__ = ("_flying", "_heap", "_number", "_on_earlier", "_waiting", "in_flight")

    def __init__(self, on_earlier: Callable[[], None], state: TimelineState | None = None) -> None:
        state = state or TimelineState(0, [])
        self._waiting: dict[int, Due] = {due.number: due for due in state.dues}
        self._heap = [(due.moment, due.number) for due in self._waiting.values()]
        heapq.heapify(self._heap)
        self._number = state.last
        self._on_earlier = on_earlier
        self._flying: dict[int, Due] = {}
        #: Work that was handed out and is not finished.
        self.in_flight = 0

    def at(self, moment: float, act: str, subject: str) -> int:
        """Let ``act`` happen at ``moment``; things of one moment happen in the order they were asked for."""
        self._number += 1
        number = self._number
        self._waiting[number] = Due(moment, number, act, subject)
        heapq.heappush(self._heap, (moment, number))
        if self._heap[0][1] == number:
            self._on_earlier()
        return number

    def call_off(self, number: int) -> None:
        """Let it not happen. Calling off what has happened changes nothing."""
        if self._waiting.pop(number, None) is not None and len(self._heap) > 2 * len(self._waiting):
            self._heap = [(due.moment, due.number) for due in self._waiting.values()]
            heapq.heapify(self._heap)

    def waits(self, number: int) -> bool:
        """Whether it is still to happen."""
        return number in self._waiting

    @property
    def next(self) -> float | None:
        """When the next thing is due."""
        while self._heap and self._heap[0][1] not in self._waiting:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def count(self, until: float) -> int:
        """How many things are due by ``until``."""
        return sum(1 for due in self._waiting.values() if due.moment <= until)

    def pop(self, until: float) -> Due | None:
        """Take out the next thing that is due by ``until``."""
        moment = self.next
        if moment is None or moment > until:
            return None
        return self._waiting.pop(heapq.heappop(self._heap)[1])

    def took_off(self, due: Due) -> None:
        """What was due handed out work that is under way now."""
        self._flying[due.number] = due
        self.in_flight += 1

    def landed(self, due: Due) -> None:
        """That work is done."""
        del self._flying[due.number]
        self.in_flight -= 1

    @property
    def flying(self) -> int:
        """How much of what was due is on its way."""
        return len(self._flying)

    def upcoming(self) -> list[Due]:
        """What is due, in order."""
        return sorted(self._waiting.values(), key=attrgetter("moment", "number"))

    def state(self) -> TimelineState:
        """What is due and what is under way."""
        return TimelineState(self._number, [*self._flying.values(), *self._waiting.values()])
