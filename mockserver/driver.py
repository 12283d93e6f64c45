"""The thread that performs, in all sandboxes, what falls due by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from mockserver.sandbox import Sandbox

#: Looks again after this many seconds at the latest.
LONGEST_SLEEP: Final = 3600.0

_log = logging.getLogger(__name__)


class Driver:
    """Sleeps until the next moment at which anything is due anywhere, or until it is woken.

    :param sandboxes: all there are at the time of the call
    """

    def __init__(self, sandboxes: Callable[[], Iterable[Sandbox]], woken: threading.Event) -> None:
        self._sandboxes = sandboxes
        self._woken = woken
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="tpmock-driver", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is being performed now."""
        self._stopped = True
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            self._woken.clear()
            self._woken.wait(min((self._perform(sandbox) for sandbox in self._sandboxes()), default=LONGEST_SLEEP))

    @staticmethod
    def _perform(sandbox: Sandbox) -> float:
        """Perform what is due in one sandbox; the real seconds until it wants to be looked at again."""
        try:
            if sandbox.time.next_wait() == 0.0:
                sandbox.time.perform_due()
        except Exception:  # noqa: BLE001 - logged, and the sandbox is looked at again
            # A defect in one sandbox must not stop the time of all others.
            _log.exception("sandbox %s: what was due could not be performed", sandbox.id)
        wait = sandbox.time.next_wait()
        # Zero means that someone is moving that clock, who will wake us when done.
        return LONGEST_SLEEP if not wait else min(wait, LONGEST_SLEEP)
