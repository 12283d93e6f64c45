"""A mapping that cannot grow without end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

#: How many items a ring keeps unless it says otherwise.
SIZE: Final = 10_000

_K = TypeVar("_K")
_V = TypeVar("_V")


def _nobody(_: object) -> None:
    """Nobody needs to know."""


class Ring(OrderedDict[_K, _V]):
    """A mapping of stated size: a new item pushes the oldest out.

    :param size: how many items stay
    :param forget: told the value that was pushed out
    """

    def __init__(self, size: int = SIZE, forget: Callable[[_V], None] = _nobody) -> None:
        super().__init__()
        self._size = size
        self._forget = forget

    def __setitem__(self, key: _K, value: _V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._size:
            self._forget(self.popitem(last=False)[1])
