"""A sandbox's own time: real time plus an offset, or frozen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

System = Callable[[], float]


@dataclass(frozen=True, slots=True)
class ClockState:
    """The saved state of a clock.

    :param now: the clock's time
    :param offset: how far it is ahead of real time while it runs
    """

    now: float
    offset: float
    frozen: bool


class Clock:
    """The time in one sandbox, in seconds since 1970 UTC.

    :param system: the source of real time. No other place of the program reads it
    """

    __slots__ = ("_frozen", "_offset", "_system")

    def __init__(self, system: System = time.time) -> None:
        self._system = system
        self._offset = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        """Return the current time of the sandbox."""
        frozen = self._frozen
        return self._system() + self._offset if frozen is None else frozen

    def state(self) -> ClockState:
        """Return the state to save."""
        return ClockState(self.now(), self._offset, self.frozen)

    def set(self, state: ClockState, *, run_on: bool) -> None:
        """Restore a saved state.

        :param run_on: whether real time since the save counts, unless the clock was frozen; else it continues there
        """
        self._offset = state.offset if run_on else state.now - self._system()
        self._frozen = state.now if state.frozen else None

    @property
    def frozen(self) -> bool:
        """Return whether the clock is frozen."""
        return self._frozen is not None

    def freeze(self) -> None:
        """Freeze the clock."""
        self._frozen = self.now()

    def resume(self) -> None:
        """Resume the clock."""
        if self._frozen is not None:
            self._offset = self._frozen - self._system()
            self._frozen = None

    def move_to(self, moment: float) -> None:
        """Advance to ``moment``; ignore a time in the past, because the clock never runs backward."""
        now = self.now()
        if moment <= now:
            return
        if self._frozen is None:
            self._offset += moment - now
        else:
            self._frozen = moment

    def real_wait(self, moment: float) -> float | None:
        """Return the real seconds until ``moment``; None if the clock is frozen."""
        wait = moment - self.now()
        if wait <= 0:
            return 0.0
        return None if self.frozen else wait
