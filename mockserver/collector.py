"""Keeps Python's garbage collector away from large worlds: what it need not look at, nobody has to wait for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Reviews and consumers from which on a world is large. A hundred thousand reviews are millions of objects, and every
#: full collection that walks them stops all threads for more than a tenth of a second.
LARGE: Final = 10_000


class Collector:
    """The garbage collector, as a process that serves wants it.

    :param serving: whether the process does nothing but serve. In a program that holds a mock among other things, the
        collector is that program's, and is left alone.
    """

    def __init__(self, *, serving: bool) -> None:
        self._serving = serving

    @contextmanager
    def building(self) -> Iterator[None]:
        """While a world is made nothing of it is garbage, so that looking for some takes a third of the time."""
        if not self._serving:
            yield
            return
        gc.disable()
        try:
            yield
        finally:
            gc.enable()

    def made(self, size: int) -> None:
        """A world was made: let go of the one in whose place it stands, then look at nothing that is there now.

        :param size: reviews and consumers in it
        """
        if self._serving and size >= LARGE:
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def gone(self, size: int) -> None:
        """A world is not needed any more: let it be found by the next full collection."""
        if self._serving and size >= LARGE:
            gc.unfreeze()
