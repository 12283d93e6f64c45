"""Real monotonic seconds, even while a test changes its clock.

freezegun and time-machine put their own functions in the place of ``time.monotonic`` and its kin in every module of the
process, the mock's among them when it runs in a test's process. Code that waits for real events must go on then.
"""

from __future__ import annotations

import threading
import time


def pause(seconds: float) -> None:
    """Wait in real time, as a lock does: no library replaces that."""
    threading.Event().wait(seconds)


if hasattr(time, "clock_gettime"):

    def monotonic() -> float:
        """Return the system's monotonic clock, which neither library replaces."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

else:
    # Windows: found by no library that looks through the names of modules.
    _KEPT = (time.monotonic,)

    def monotonic() -> float:
        """Return the monotonic clock as it was when this was imported."""
        return _KEPT[0]()
