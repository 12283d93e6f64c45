"""Scheduler of one sandbox: runs due entries, by itself or because a caller advances the clock.

One thread at a time owns the timeline: the ticker, a flight that ends, or a caller that advances the clock. One rule
keeps time running: the end of an ownership or a flight, a change of the clock, and a new first entry
of the timeline all ask the ticker for a check (:meth:`Scheduler.changed`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from tpmock.common.durations import LATEST
from tpmock.common.real_time import monotonic
from tpmock.core.clock import Clock
from tpmock.core.timeline import Due, Timeline, Work

if TYPE_CHECKING:
    from tpmock.sandbox.ticker import Ticker

#: Maximum number of requests in flight per sandbox: a destination that hangs delays only its own sandbox.
MAX_RUNNING: Final = 8

#: A sandbox whose lock is held for this many seconds is late, whatever is due in it.
LOCK_PATIENCE: Final = 2.0

_log = logging.getLogger(__name__)


class SchedulerHost(Protocol):
    """The sandbox. A reset replaces clock and timeline."""

    id: str
    lock: threading.RLock
    clock: Clock
    timeline: Timeline

    def perform(self, due: Due) -> Work | None:
        """Run one entry; return its network work."""

    def note_change(self) -> None:
        """Note a possible change."""


class Scheduler:
    """Runs the due entries of one sandbox, each entry once, in order.

    :param host: the sandbox
    :param executor: runs network work
    :param ticker: checks on request
    """

    def __init__(self, host: SchedulerHost, executor: Executor, ticker: Ticker) -> None:
        self._host = host
        self._executor = executor
        self._ticker = ticker
        self._quiet = threading.Condition(host.lock)
        self._room = threading.Condition(host.lock)
        self._owner = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        """Return the sandbox's id."""
        return self._host.id

    # --- who asks for a look --------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Ask the ticker for a check at the next entry, because clock or timeline have changed."""
        wait = self._next_wait()
        if wait is not None and not self._closed:
            self._ticker.look(self, wait)

    def close(self) -> None:
        """Stop: the sandbox is removed."""
        self._closed = True
        self._ticker.forget(self)

    def tick(self) -> float | None:
        """Run the due entries, unless a caller owns the timeline, which will ask for a check afterwards.

        :returns: real seconds until the next check; None when another event will ask for it
        """
        return self._next_wait() if self._try_to_perform_due() else None

    def _next_wait(self) -> float | None:
        with self._host.lock:
            timeline = self._host.timeline
            # Without free places, the end of a flight asks for a check.
            if timeline.next is None or self._full(timeline):
                return None
            return self._host.clock.real_wait(timeline.next)

    def perform_due(self) -> None:
        """Run the due entries, unless another thread owns the timeline."""
        self._try_to_perform_due()
        self.changed()

    def _try_to_perform_due(self) -> bool:
        if self._closed or not self._owner.acquire(blocking=False):
            return False
        try:
            self._perform_due()
        finally:
            self._owner.release()
        return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Prevent clock changes and runs of entries while the block runs, which may replace the timeline."""
        with self._owner:
            yield
        self.changed()

    # --- what the watchdog asks -----------------------------------------------------------------------------------

    @property
    def pending(self) -> bool:
        """Return whether anything is scheduled."""
        return not self._closed and self._host.timeline.next is not None

    def overdue(self) -> float:
        """Return by how many seconds of the sandbox's clock the next entry is late; 0.0 when none is."""
        with self._host.lock:
            moment = self._host.timeline.next
            return 0.0 if moment is None else max(0.0, self._host.clock.now() - moment)

    def lateness(self) -> tuple[float, str] | None:
        """Return by how many seconds the next entry is late, and the cause; None when it is on time."""
        if not self._host.lock.acquire(timeout=LOCK_PATIENCE):
            return (
                LOCK_PATIENCE,
                "its lock has been held for as long; this is a defect of tpmock, please report it",
            )
        try:
            seconds = self.overdue()
        finally:
            self._host.lock.release()
        if not seconds:
            return None
        if self._full(self._host.timeline):
            return seconds, f"{MAX_RUNNING} requests of this sandbox are in flight, and no more are sent at once"
        if self._owner.locked():
            return seconds, "the clock is being moved, or a snapshot is being taken"
        return seconds, "the ticker has not performed it; this is a defect of tpmock, please report it"

    # --- moving the clock -----------------------------------------------------------------------------------------

    def begin_anew(self) -> None:
        """Release a replaced timeline. Called under the lock."""
        self._quiet.notify_all()

    def freeze(self) -> None:
        """Freeze the clock."""
        with self._host.lock:
            self._host.clock.freeze()

    def resume(self) -> None:
        """Resume the clock, and run the due entries."""
        with self._host.lock:
            self._host.clock.resume()
        self.perform_due()

    def advance(self, by: float) -> int:
        """Advance the clock: run the entries due now, then stop at each due time, run its entries, and continue.

        It waits for network work, so that its effects come before the next time.

        :param by: seconds
        :returns: the number of entries run
        :raises OverflowError: when the time is beyond the calendar
        """
        with self.paused():
            self.wait_until_idle()
            target = self._host.clock.now() + by
            if target > LATEST:
                raise OverflowError
            performed = self._catch_up()
            while (timeline := self._step(target)) is not None:
                performed += 1
                self._wait_for(timeline)
            with self._host.lock:
                self._host.clock.move_to(target)
        return performed

    def settle(self, timeout: float) -> tuple[int, int]:
        """Wait until nothing is due and nothing is in flight, at most ``timeout`` real seconds.

        :returns: the numbers of due entries and entries in flight; two zeros when quiet
        """
        deadline = monotonic() + timeout
        while True:
            self.perform_due()
            with self._host.lock:
                timeline, now = self._host.timeline, self._host.clock.now()
                due = timeline.next is not None and timeline.next <= now
                left = deadline - monotonic()
                if not (due or timeline.in_flight) or left <= 0:
                    return timeline.count(now) if due else 0, timeline.in_flight
                # Notified when nothing is in flight; otherwise it polls, because entries become due over time.
                self._quiet.wait(min(left, 0.05))

    def wait_until_idle(self) -> None:
        """Wait until nothing is in flight."""
        self._wait_for(self._host.timeline)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count work as in flight while the block runs, so that settling waits for it too."""
        with self._host.lock:
            timeline = self._host.timeline
            timeline.in_flight += 1
        try:
            yield
        finally:
            with self._host.lock:
                timeline.in_flight -= 1
                self._notify(timeline)

    # --- performing -----------------------------------------------------------------------------------------------

    def _perform_due(self) -> None:
        """Run the due entries, as many as can be in flight. Called by the owner."""
        while not self._full(self._host.timeline) and self._step(self._host.clock.now()) is not None:
            pass

    def _catch_up(self) -> int:
        """Run the due entries as they would run by themselves, several at a time; return their number."""
        performed, now = 0, self._host.clock.now()
        while (timeline := self._step(now)) is not None:
            performed += 1
            with self._host.lock:
                # Every flight ends by its own timeout.
                while self._full(timeline):
                    self._room.wait(1.0)
        self.wait_until_idle()
        return performed

    @staticmethod
    def _full(timeline: Timeline) -> bool:
        return timeline.running >= MAX_RUNNING

    def _notify(self, timeline: Timeline) -> None:
        self._room.notify_all()
        if not timeline.in_flight:
            self._quiet.notify_all()

    def _step(self, until: float) -> Timeline | None:
        """Run the next entry due by ``until``; return its timeline, None without an entry."""
        with self._host.lock:
            timeline = self._host.timeline
            due = timeline.pop(until)
            if due is None:
                return None
            self._host.clock.move_to(due.moment)
            try:
                work = self._host.perform(due)
            except Exception:  # noqa: BLE001 - one entry's defect must not stop those behind it
                _log.exception("sandbox %s: %s of %s failed", self.name, due.act, due.subject)
                work = None
            self._host.note_change()
            if work is not None:
                timeline.started(due)
        if work is not None:
            self._executor.submit(self._fly, timeline, due, work)
        return timeline

    def _fly(self, timeline: Timeline, due: Due, work: Work) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - the future of a flight is not read
            _log.exception("sandbox %s: %s of %s failed in flight", self.name, due.act, due.subject)
        finally:
            with self._host.lock:
                timeline.finished(due)
                self._host.note_change()
                self._notify(timeline)
            # The thread of an ended flight runs the next entry itself, without a detour through the ticker.
            self.perform_due()

    def _wait_for(self, timeline: Timeline) -> None:
        with self._host.lock:
            # Every flight ends by its own timeout.
            while timeline.in_flight:
                self._quiet.wait(1.0)
