"""The scheduled entries of a sandbox, in order of time, as plain data: they can be listed, saved and restored."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

#: Network work of a due entry: taken under the lock and done outside it.
Work = Callable[[], None]
#: The action of a due entry, run under the sandbox's lock with the world or workspace and the subject. It may return
#: work to do outside the lock.
Action = Callable[[Any, str], Work | None]


# Not frozen: each invitation creates some, and a frozen one takes three times as long.
@dataclass(slots=True)
class Due:
    """A scheduled entry. It is immutable.

    :param number: order of entries with the same time
    :param act: the action; :class:`~tpmock.core.responses.Bindings` find its function
    :param subject: the id of the thing it happens to
    """

    moment: float
    number: int
    act: str
    subject: str


@dataclass(frozen=True, slots=True)
class TimelineState:
    """A saved timeline.

    :param last: the last number given
    :param dues: scheduled entries, and entries in flight: their result is unknown, so they run again
    """

    last: int
    dues: list[Due]


class Timeline:
    """The ordered list of scheduled entries. Used under the sandbox's lock.

    :param on_earlier: called when a new entry is earlier than all others
    :param state: a saved state to restore
    """

    __slots__ = ("_heap", "_number", "_on_earlier", "_running", "_waiting", "in_flight")

    def __init__(self, on_earlier: Callable[[], None], state: TimelineState | None = None) -> None:
        state = state or TimelineState(0, [])
        self._waiting: dict[int, Due] = {due.number: due for due in state.dues}
        self._heap = [(due.moment, due.number) for due in self._waiting.values()]
        heapq.heapify(self._heap)
        self._number = state.last
        self._on_earlier = on_earlier
        self._running: dict[int, Due] = {}
        #: Entries whose work is in flight.
        self.in_flight = 0

    def at(self, moment: float, act: str, subject: str) -> int:
        """Schedule ``act`` at ``moment``; entries of the same time run in the order of scheduling."""
        self._number += 1
        number = self._number
        self._waiting[number] = Due(moment, number, act, subject)
        heapq.heappush(self._heap, (moment, number))
        if self._heap[0][1] == number:
            self._on_earlier()
        return number

    def cancel(self, number: int) -> None:
        """Cancel an entry. Ignore an entry that has already run."""
        if self._waiting.pop(number, None) is not None and len(self._heap) > 2 * len(self._waiting):
            self._heap = [(due.moment, due.number) for due in self._waiting.values()]
            heapq.heapify(self._heap)

    def waits(self, number: int) -> bool:
        """Return whether an entry is still scheduled."""
        return number in self._waiting

    @property
    def next(self) -> float | None:
        """Return the time of the next entry."""
        while self._heap and self._heap[0][1] not in self._waiting:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def count(self, until: float) -> int:
        """Return the number of entries that are due by ``until``."""
        return sum(1 for due in self._waiting.values() if due.moment <= until)

    def pop(self, until: float) -> Due | None:
        """Remove and return the next entry that is due by ``until``."""
        moment = self.next
        if moment is None or moment > until:
            return None
        return self._waiting.pop(heapq.heappop(self._heap)[1])

    def started(self, due: Due) -> None:
        """Mark the work of an entry as in flight."""
        self._running[due.number] = due
        self.in_flight += 1

    def finished(self, due: Due) -> None:
        """Mark the work of an entry as done."""
        del self._running[due.number]
        self.in_flight -= 1

    @property
    def running(self) -> int:
        """Return the number of entries in flight."""
        return len(self._running)

    def upcoming(self) -> list[Due]:
        """Return the scheduled entries, in order."""
        return sorted(self._waiting.values(), key=attrgetter("moment", "number"))

    def state(self) -> TimelineState:
        """Return the scheduled entries and those in flight."""
        return TimelineState(self._number, [*self._running.values(), *self._waiting.values()])
