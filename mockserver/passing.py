"""Time that passes in a sandbox: what falls due is performed, by itself or because someone moves the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from time import monotonic
from typing import Final, Protocol

from mockserver.clock import LATEST, Clock
from mockserver.timeline import Due, Timeline, Work

#: How much of one sandbox may be on its way at once: a destination that hangs holds up its own sandbox, not the others.
FLIGHTS: Final = 8


class Home(Protocol):
    """Where time passes. Clock and timeline are others after a reset."""

    lock: threading.RLock
    clock: Clock
    timeline: Timeline

    def perform(self, due: Due) -> Work | None:
        """Do one thing; what has to be done over the network is returned."""

    def note_change(self) -> None:
        """Something may be different now."""


class Passing:
    """Performs what is due in one sandbox, each thing once, in order.

    :param home: whose time it is
    :param executor: runs what goes over the network
    :param wake: called when something became due earlier than before
    """

    def __init__(self, home: Home, executor: Executor, wake: Callable[[], None]) -> None:
        self._home = home
        self._executor = executor
        self._wake = wake
        self._quiet = threading.Condition(home.lock)
        self._room = threading.Condition(home.lock)
        self._driving = threading.Lock()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody moves the clock or performs anything while the block runs, which may put another timeline in place."""
        with self._driving:
            yield

    def begun_anew(self) -> None:
        """Another timeline is in place; nothing of the one before is waited for. Called under the lock."""
        self._quiet.notify_all()

    def next_wait(self) -> float | None:
        """Real seconds until something due here can happen; None when nothing does by itself.

        While as much is on its way as may be, nothing more happens: whatever comes back looks for the next.
        """
        with self._home.lock:
            moment = self._home.timeline.next
            return None if moment is None or self._full(self._home.timeline) else self._home.clock.real_wait(moment)

    def perform_due(self) -> None:
        """Perform what is due now, unless someone is moving the clock, who will."""
        if not self._driving.acquire(blocking=False):
            return
        try:
            while self._step(self._home.clock.now()) is not None:
                if self._full(self._home.timeline):
                    break
        finally:
            self._driving.release()
        if self.next_wait() == 0.0:
            # Something fell due between the last look and the release, while others found this place taken.
            self._wake()

    def advance(self, by: float) -> int:
        """Let time pass: perform what is due by now, then stop at each due moment, perform what is due there, go on.

        What goes out over the network is waited for, so that its effects come before the next moment.

        :param by: seconds
        :returns: how many things happened
        :raises OverflowError: when that moment is beyond what a calendar holds
        """
        with self._driving:
            self.wait_for_flights()
            target = self._home.clock.now() + by
            if target > LATEST:
                raise OverflowError
            performed = self._catch_up()
            while (timeline := self._step(target)) is not None:
                performed += 1
                self._wait_for(timeline)
            with self._home.lock:
                self._home.clock.move_to(target)
        self._wake()
        return performed

    def settle(self, timeout: float) -> tuple[int, int]:
        """Wait until nothing is due and nothing is under way, at most ``timeout`` real seconds.

        :returns: what is still due and what is still under way; two zeros when quiet
        """
        deadline = monotonic() + timeout
        while True:
            self.perform_due()
            with self._home.lock:
                timeline, now = self._home.timeline, self._home.clock.now()
                due = timeline.next is not None and timeline.next <= now
                left = deadline - monotonic()
                if not (due or timeline.in_flight) or left <= 0:
                    return timeline.count(now) if due else 0, timeline.in_flight
                # Woken when nothing is under way; otherwise looks again soon, as time itself makes things due.
                self._quiet.wait(min(left, 0.05))

    def wait_for_flights(self) -> None:
        """Wait until nothing is under way."""
        self._wait_for(self._home.timeline)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Something is under way here for as long as the block runs, and whoever waits for rest waits for it too."""
        with self._home.lock:
            timeline = self._home.timeline
            timeline.in_flight += 1
        try:
            yield
        finally:
            with self._home.lock:
                timeline.in_flight -= 1
                self._notify(timeline)

    def _catch_up(self) -> int:
        """Perform what is due by now as it would happen by itself, several at a time; how many things that were."""
        performed, now = 0, self._home.clock.now()
        while (timeline := self._step(now)) is not None:
            performed += 1
            with self._home.lock:
                # Every flight ends by its own time-out.
                while self._full(timeline):
                    self._room.wait(1.0)
        self.wait_for_flights()
        return performed

    @staticmethod
    def _full(timeline: Timeline) -> bool:
        return timeline.flying >= FLIGHTS

    def _notify(self, timeline: Timeline) -> None:
        self._room.notify_all()
        if not timeline.in_flight:
            self._quiet.notify_all()

    def _step(self, until: float) -> Timeline | None:
        """Perform the next thing due by ``until``; the timeline it came from, or None when there was none."""
        with self._home.lock:
            timeline = self._home.timeline
            due = timeline.pop(until)
            if due is None:
                return None
            self._home.clock.move_to(due.moment)
            work = self._home.perform(due)
            self._home.note_change()
            if work is not None:
                timeline.took_off(due)
        if work is not None:
            self._executor.submit(self._fly, timeline, due, work)
        return timeline

    def _fly(self, timeline: Timeline, due: Due, work: Work) -> None:
        try:
            work()
        finally:
            with self._home.lock:
                timeline.landed(due)
                self._home.note_change()
                self._notify(timeline)
            # Whoever comes back takes the next one along, without a detour by way of the driver.
            self.perform_due()

    def _wait_for(self, timeline: Timeline) -> None:
        with self._home.lock:
            # Every flight ends by its own time-out.
            while timeline.in_flight:
                self._quiet.wait(1.0)
