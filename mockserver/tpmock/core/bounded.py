"""Memory with limits: by number of items, and by bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache, wraps
from sys import getsizeof
from types import MappingProxyType
from typing import Any, Final, TypeVar

from tpmock.core.memory import Holder, Memory

#: Default number of items of a dictionary.
SIZE: Final = 10_000
#: Default number of bytes of a dictionary that weighs its items.
BYTES: Final = 32 * 1024 * 1024
#: The longest text whose result is cached.
LONGEST_REMEMBERED: Final = 1_000

_K = TypeVar("_K")
_V = TypeVar("_V")


class BoundedDict(Holder, OrderedDict[_K, _V]):
    """A dictionary of limited size: a new item evicts the oldest.

    :param items: the initial content
    :param size: the maximum number of items
    :param on_evict: called with each value that is evicted
    :param weigh: returns the bytes of an item; without it only items count. See :meth:`reweigh` for values that change
    :param most: the maximum number of bytes; the newest item always stays
    :param waits: whether a value must stay until it is done, see :meth:`reweigh`; such values are not evicted
    :param memory: the budget that it shares with others, under ``name``
    """

    def __init__(
        self,
        items: Mapping[_K, _V] = MappingProxyType({}),
        *,
        size: int = SIZE,
        on_evict: Callable[[_V], object] | None = None,
        weigh: Callable[[_K, _V], int] | None = None,
        most: int = BYTES,
        waits: Callable[[_V], bool] | None = None,
        memory: Memory | None = None,
        name: str = "",
    ) -> None:
        Holder.__init__(self, name, memory)
        self._size = size
        self._on_evict = on_evict
        self._weigh = weigh
        self._most = most
        self._waits = waits
        self._weights: dict[_K, int] = {}
        #: The items that can be evicted, oldest first; None when all can.
        #: In a plain dictionary, looking for the first item would pass over all that were deleted before it.
        self._evictable: OrderedDict[_K, None] | None = None if waits is None else OrderedDict()
        OrderedDict.__init__(self, items)

    def __setitem__(self, key: _K, value: _V) -> None:
        self._forget(key)
        super().__setitem__(key, value)
        self._note(key, value)

    def __delitem__(self, key: _K) -> None:
        super().__delitem__(key)
        self._forget(key)

    def pop(self, key: _K, *default: Any) -> Any:
        """Remove an item and return it. OrderedDict's own method does not call ``__delitem__``."""
        if key in self:
            value = self[key]
            del self[key]
            return value
        return super().pop(key, *default)

    def reweigh(self, key: _K) -> None:
        """Weigh a value again after it has changed or is done. Ignore a missing key."""
        if key in self:
            self._forget(key)
            self._note(key, self[key])

    def grow(self, key: _K, by: int) -> None:
        """Change the weight of an item by a known difference."""
        self._weights[key] += by
        self.grew(by)
        if self.weight > self._most:
            self._fit()

    def is_full(self) -> bool:
        """Return whether waiting items leave no room for more."""
        return self.waiting >= self._size or self.waiting_weight >= self._most

    def drop_oldest(self) -> bool:
        """Evict the oldest item that does not wait; the newest stays."""
        candidates = iter(self if self._evictable is None else self._evictable)
        oldest = next(candidates, None)
        if oldest is not None and oldest == next(reversed(self)):
            # At least one of the two oldest evictable items is not the newest.
            oldest = next(candidates, None)
        if oldest is None:
            return False
        evicted = self[oldest]
        del self[oldest]
        self.dropped += 1
        if self._on_evict is not None:
            self._on_evict(evicted)
        return True

    def _note(self, key: _K, value: _V) -> None:
        weight = 0 if self._weigh is None else self._weigh(key, value)
        self._weights[key] = weight
        waits = False
        if self._evictable is not None:
            waits = self._waits is not None and self._waits(value)
            if waits:
                self.waiting += 1
            else:
                self._evictable[key] = None
        self.grew(weight, weight if waits else 0)
        self._fit()

    def _forget(self, key: _K) -> None:
        if key not in self._weights:
            return
        weight = self._weights.pop(key)
        waited = self._evictable is not None and key not in self._evictable
        if waited:
            self.waiting -= 1
        elif self._evictable is not None:
            del self._evictable[key]
        self.grew(-weight, -weight if waited else 0)

    def _fit(self) -> None:
        while (len(self) > self._size or self.weight > self._most) and self.drop_oldest():
            pass


def weight_of(value: Any) -> int:
    """Return the bytes that a JSON value takes in memory, without shared objects."""
    if isinstance(value, dict):
        return getsizeof(value) + sum(getsizeof(name) + weight_of(one) for name, one in value.items())
    if isinstance(value, list):
        return getsizeof(value) + sum(map(weight_of, value))
    return getsizeof(value)


def remembered(size: int) -> Callable[[Callable[..., _V]], Callable[..., _V]]:
    """Cache a function of texts as ``lru_cache`` does, except for long texts."""

    def decorate(function: Callable[..., _V]) -> Callable[..., _V]:
        known = lru_cache(size)(function)

        @wraps(function)
        def ask(*texts: str) -> _V:
            asked: tuple[Hashable, ...] = texts
            return known(*asked) if len(texts[-1]) <= LONGEST_REMEMBERED else function(*texts)

        return ask

    return decorate
