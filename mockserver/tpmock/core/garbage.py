"""Settings of Python's garbage collector for large worlds, so that collections do not stop all threads."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Number of reviews and consumers of a large world. A hundred thousand reviews are millions of objects, and every
#: full collection that walks them stops all threads for more than a tenth of a second.
LARGE: Final = 10_000


class GarbageControl:
    """The garbage collector, configured for a serving process.

    :param serving: whether the process only serves. In a program that embeds a mock, the
        collector belongs to that program and stays unchanged
    """

    def __init__(self, *, serving: bool) -> None:
        self._serving = serving

    @contextmanager
    def building(self) -> Iterator[None]:
        """Pause collections while a world is created: it has no garbage yet. This saves two thirds of the time."""
        if not (self._serving and gc.isenabled()):
            yield
            return
        gc.disable()
        try:
            yield
        finally:
            gc.enable()

    def made(self, size: int) -> None:
        """Free the replaced world, then exclude all present objects from future collections.

        :param size: reviews and consumers in it
        """
        if self._serving and size >= LARGE:
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def gone(self, size: int) -> None:
        """Make a removed world visible to the next full collection."""
        if self._serving and size >= LARGE:
            gc.unfreeze()
