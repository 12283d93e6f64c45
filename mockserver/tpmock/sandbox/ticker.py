"""Background threads: the ticker runs due entries, the watchdog reports late ones.

Only the ticker decides when to check a sandbox again. All other code asks for a check: after a
change of its clock or timeline, after a flight, after advancing its clock. A needless check costs microseconds; a
missing one would stop the time of a sandbox, so each request is kept until a check at that time, or earlier, begins.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Final

from tpmock.common.real_time import monotonic

if TYPE_CHECKING:
    from tpmock.sandbox.scheduler import Scheduler

#: The ticker checks all sandboxes again when the system's clock was set by more than this many seconds.
CLOCK_STEP: Final = 0.1
#: Real seconds between two checks of the system's clock, and between two rounds of the watchdog.
ROUND: Final = 0.5
#: Entries that are late by more than this many seconds are reported.
OVERDUE: Final = 1.0
#: A sandbox that stays late is reported again after this many seconds.
REPORT_AGAIN: Final = 30.0

_log = logging.getLogger(__name__)


class Ticker:
    """Checks each sandbox on request.

    :param monotonic: real seconds that never decrease
    :param system: the system's clock, which can be set
    """

    def __init__(self, monotonic: Callable[[], float] = monotonic, system: Callable[[], float] = time.time) -> None:
        self._monotonic = monotonic
        self._system = system
        self._changed = threading.Condition()
        self._looks: list[tuple[float, int, Scheduler]] = []
        self._next: dict[Scheduler, float] = {}
        self._numbers = count()
        self._watched: set[Scheduler] = set()
        self._reported: dict[Scheduler, float] = {}
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="tpmock-ticker", daemon=True),
            threading.Thread(target=self._watch, name="tpmock-watchdog", daemon=True),
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads, after the running entries."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def look(self, sandbox: Scheduler, wait: float = 0.0) -> None:
        """Ask for a check of a sandbox in ``wait`` real seconds. May be called under the sandbox's lock."""
        moment = self._monotonic() + wait
        with self._changed:
            self._watched.add(sandbox)
            known = self._next.get(sandbox)
            if known is not None and known <= moment:
                return
            self._next[sandbox] = moment
            heapq.heappush(self._looks, (moment, next(self._numbers), sandbox))
            if self._looks[0][2] is sandbox:
                self._changed.notify_all()

    def forget(self, sandbox: Scheduler) -> None:
        """Forget a sandbox that is removed."""
        with self._changed:
            self._next.pop(sandbox, None)
            self._watched.discard(sandbox)
            self._reported.pop(sandbox, None)

    # --- the ticker -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        offset = self._system() - self._monotonic()
        while not self._stopped.is_set():
            sandbox = self._due()
            if sandbox is None:
                new = self._system() - self._monotonic()
                if abs(new - offset) > CLOCK_STEP:
                    # Waits were computed by a clock that has been set, or that stopped while the machine was asleep.
                    offset = new
                    self._look_at_all()
                continue
            try:
                wait = sandbox.tick()
            except Exception:  # noqa: BLE001 - a defect in one sandbox must not stop the time of all others
                _log.exception("sandbox %s: what is due could not be performed", sandbox.name)
                wait = OVERDUE
            if wait is not None:
                self.look(sandbox, wait)

    def _due(self) -> Scheduler | None:
        """Wait for the next check, at most one round, and remove its request."""
        with self._changed:
            while self._looks and self._next.get(self._looks[0][2]) != self._looks[0][0]:
                heapq.heappop(self._looks)
            wait = min(self._looks[0][0] - self._monotonic(), ROUND) if self._looks else ROUND
            if wait > 0:
                self._changed.wait(wait)
                return None
            sandbox = heapq.heappop(self._looks)[2]
            del self._next[sandbox]
            return sandbox

    def _look_at_all(self) -> None:
        with self._changed:
            watched = list(self._watched)
        for sandbox in watched:
            self.look(sandbox)

    # --- the watchdog ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopped.wait(ROUND):
            for sandbox in self._suspects():
                late = sandbox.lateness()
                if late is not None and late[0] > OVERDUE:
                    self._report(sandbox, *late)
                elif not sandbox.pending:
                    self._unwatch(sandbox)

    def _suspects(self) -> list[Scheduler]:
        """Report sandboxes whose check is late, and those that wait for something else."""
        now = self._monotonic()
        with self._changed:
            return [sandbox for sandbox in self._watched if self._next.get(sandbox, now) <= now]

    def _report(self, sandbox: Scheduler, seconds: float, reason: str) -> None:
        now = self._monotonic()
        if now - self._reported.get(sandbox, -REPORT_AGAIN) >= REPORT_AGAIN:
            self._reported[sandbox] = now
            _log.warning("sandbox %s: the next entry is %.1f s overdue: %s", sandbox.name, seconds, reason)

    def _unwatch(self, sandbox: Scheduler) -> None:
        with self._changed:
            # A newer request for a check stays.
            if sandbox not in self._next:
                self._watched.discard(sandbox)
                self._reported.pop(sandbox, None)
