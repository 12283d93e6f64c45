"""How a run ends when the user interrupts it: all programs that it started are ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from tpmock.common import serving

_INTERRUPTED: Final = 130


def interruptible(run: Callable[[], int]) -> int:
    """Run, and return the exit code, also when it is interrupted or its starter has ended."""
    try:
        with _terminated_like_interrupted():
            serving.follow_starter()
            return run()
    except KeyboardInterrupt:
        click.echo("Interrupted; everything that was started has been ended.", err=True)
        return _INTERRUPTED


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, with everything it started; only the main thread may set this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
