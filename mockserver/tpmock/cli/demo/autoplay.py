"""Shows the slides by itself, each for the same time."""

from __future__ import annotations

import threading
import time
from typing import Final

from tpmock.cli.demo.session import DemoSession

#: Seconds between looks at what the presenter does meanwhile.
_LOOKS: Final = 0.2


class Autoplay:
    """Goes forward in a session, every ``pace`` seconds, from the first request for a page on.

    It plays a scene while its opening is shown, so that playing takes no time of the next slide. A scene that takes
    longer delays it; a presenter who goes on by hand restarts the time of the slide.

    :param pace: seconds per slide
    """

    def __init__(self, session: DemoSession, pace: float) -> None:
        self._session, self.pace = session, pace
        #: Whether it waits for :meth:`toggle`.
        self.paused = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin, unless it has begun."""
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._go, name="tpmock-demo-auto", daemon=True)
                self._thread.start()

    def toggle(self) -> None:
        """Pause it, or let it go on."""
        self.paused = not self.paused

    def stop(self) -> None:
        """End it."""
        with self._lock:
            self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _go(self) -> None:
        place, due = self._place(), time.monotonic() + self.pace
        self._session.prepare()
        while not self._ended.wait(max(0.0, min(due - time.monotonic(), _LOOKS))):
            now = time.monotonic()
            if self.paused or self._place() != place:
                # Someone paused it, or went on by hand: the slide has its whole time from here on.
                place, due = self._place(), now + self.pace
                self._session.prepare()
            elif now >= due and not self._session.view.playing:
                self._session.forward()
                place, due = self._place(), max(due, now - self.pace) + self.pace
                self._session.prepare()
            elif now >= due:
                due = now + _LOOKS

    def _place(self) -> tuple[int, int, int]:
        view = self._session.view
        return self._session.run, view.number, view.slide
