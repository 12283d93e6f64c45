"""Reviews in order, found by id, by unit and by any filter, at the same speed on page one and on page one thousand."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from mockserver.ring import Ring

#: How many answers to filters are remembered until something changes.
REMEMBERED = 64


class Shelved(Protocol):
    """What a shelf needs to know of a thing."""

    id: str
    unit: str
    created_at: float


_S = TypeVar("_S", bound=Shelved)
_T = TypeVar("_T")


class Shelf(Generic[_S]):
    """The reviews of one kind. Used under the sandbox's lock.

    Lists are kept per unit in order of creation. A filtered or otherwise sorted list is made once and remembered until
    something on the shelf changes, so that paging through it costs a slice a page.
    """

    def __init__(self, things: Iterable[_S] = ()) -> None:
        self._by_id: dict[str, _S] = {}
        self._by_unit: dict[str, list[_S]] = {}
        self._remembered: Ring[Hashable, list[_S]] = Ring(REMEMBERED)
        self._derived: Ring[Hashable, Any] = Ring(REMEMBERED)
        for thing in sorted(things, key=attrgetter("created_at")):
            self._by_id[thing.id] = thing
            self._by_unit.setdefault(thing.unit, []).append(thing)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, thing_id: str) -> _S | None:
        """The thing of that id."""
        return self._by_id.get(thing_id)

    def all(self) -> Iterable[_S]:
        """Everything, in no order that counts."""
        return self._by_id.values()

    def of_unit(self, unit_id: str) -> Sequence[_S]:
        """What a unit has, oldest first."""
        return self._by_unit.get(unit_id, ())

    def add(self, thing: _S) -> None:
        """Put a thing in its place."""
        self._by_id[thing.id] = thing
        insort(self._by_unit.setdefault(thing.unit, []), thing, key=attrgetter("created_at"))
        self.changed()

    def remove(self, thing: _S) -> None:
        """Take a thing away."""
        del self._by_id[thing.id]
        things = self._by_unit[thing.unit]
        index = bisect_left(things, thing.created_at, key=attrgetter("created_at"))
        while things[index] is not thing:
            index += 1
        del things[index]
        self.changed()

    def changed(self) -> None:
        """Something about a thing is different now: remembered lists may be wrong."""
        self._remembered.clear()
        self._derived.clear()

    def derive(self, unit_id: str, make: Callable[[Sequence[_S]], _T]) -> _T:
        """What ``make`` makes of all that a unit has, such as its numbers; remembered until something changes.

        :param make: a function of a module, as it is remembered by what it is
        """
        known = self._derived.get((unit_id, make))
        if known is None:
            known = self._derived[unit_id, make] = make(self.of_unit(unit_id))
        made: _T = known
        return made

    def newest(self, unit_id: str, key: Hashable, fits: Callable[[_S], bool], most: int) -> Sequence[_S]:
        """The newest of a unit that fit, found without looking at more than is needed.

        :param key: as for :meth:`select`, which would give the whole list
        """
        remembered = self._remembered.get((unit_id, key))
        if remembered is not None:
            return remembered[:most]
        found = list(islice(filter(fits, reversed(self.of_unit(unit_id))), most))
        if len(found) < most:
            # All were looked at, so this is the whole list.
            self._remembered[unit_id, key] = found
        return found

    def select(
        self,
        unit_id: str,
        key: Hashable,
        fits: Callable[[_S], bool] | None = None,
        order: Callable[[_S], object] | None = None,
        *,
        descending: bool = True,
    ) -> Sequence[_S]:
        """What of a unit fits, sorted.

        :param key: tells this filter and order from every other; the list is remembered by it
        :param fits: which ones; None for all
        :param order: by what; None for the moment of creation
        """
        if fits is None and order is None and not descending:
            return self.of_unit(unit_id)
        remembered = self._remembered.get((unit_id, key))
        if remembered is not None:
            return remembered
        found = [thing for thing in self.of_unit(unit_id) if fits is None or fits(thing)]
        if order is not None:
            # Two stable sorts: within one value of the order, the newest comes first.
            found.reverse()
            found.sort(key=order, reverse=descending)  # type: ignore[arg-type]
        elif descending:
            found.reverse()
        self._remembered[unit_id, key] = found
        return found
