"""Reviews in order, found by id, by unit and by any filter, as fast on page one thousand as on page one."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from tpmock.core.bounded import BoundedDict

#: Number of cached filter results, until something changes.
REMEMBERED = 64


class Indexed(Protocol):
    """The record attributes that the index uses."""

    id: str
    unit: str
    created_at: float


_S = TypeVar("_S", bound=Indexed)
_T = TypeVar("_T")


class ReviewIndex(Generic[_S]):
    """The reviews of one kind. Used under the sandbox's lock.

    Lists are stored per unit in order of creation. A filtered or otherwise sorted list is built once and cached until
    something in the index changes, so that each page of it costs a slice.
    """

    def __init__(self, things: Iterable[_S] = ()) -> None:
        self._by_id: dict[str, _S] = {}
        self._by_unit: dict[str, list[_S]] = {}
        self._remembered: BoundedDict[Hashable, list[_S]] = BoundedDict(size=REMEMBERED)
        self._derived: BoundedDict[Hashable, Any] = BoundedDict(size=REMEMBERED)
        for thing in sorted(things, key=attrgetter("created_at")):
            self._by_id[thing.id] = thing
            self._by_unit.setdefault(thing.unit, []).append(thing)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, thing_id: str) -> _S | None:
        """Return the record of that id."""
        return self._by_id.get(thing_id)

    def all(self) -> Iterable[_S]:
        """Return all records, in no defined order."""
        return self._by_id.values()

    def of_unit(self, unit_id: str) -> Sequence[_S]:
        """Return the records of a unit, oldest first."""
        return self._by_unit.get(unit_id, ())

    def add(self, thing: _S) -> None:
        """Add a record."""
        self._by_id[thing.id] = thing
        insort(self._by_unit.setdefault(thing.unit, []), thing, key=attrgetter("created_at"))
        self.changed()

    def remove(self, thing: _S) -> None:
        """Remove a record."""
        del self._by_id[thing.id]
        things = self._by_unit[thing.unit]
        index = bisect_left(things, thing.created_at, key=attrgetter("created_at"))
        while things[index] is not thing:
            index += 1
        del things[index]
        self.changed()

    def changed(self) -> None:
        """Note that a record has changed: drop cached lists."""
        self._remembered.clear()
        self._derived.clear()

    def derive(self, unit_id: str, make: Callable[[Sequence[_S]], _T]) -> _T:
        """Return the result of ``make`` for all records of a unit, such as its counts; cached until something changes.

        :param make: a function of a module, because it is the cache key
        """
        known = self._derived.get((unit_id, make))
        if known is None:
            known = self._derived[unit_id, make] = make(self.of_unit(unit_id))
        made: _T = known
        return made

    def newest(self, unit_id: str, key: Hashable, fits: Callable[[_S], bool], most: int) -> Sequence[_S]:
        """Return the newest matching records of a unit, without testing more records than necessary.

        :param key: as for :meth:`select`, which would return the whole list
        """
        remembered = self._remembered.get((unit_id, key))
        if remembered is not None:
            return remembered[:most]
        found = list(islice(filter(fits, reversed(self.of_unit(unit_id))), most))
        if len(found) < most:
            # All records were tested, so this is the whole list.
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
        """Return the matching records of a unit, sorted.

        :param key: identifies this filter and order; the cache key of the list
        :param fits: the filter; None for all
        :param order: the sort key; None for the time of creation
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
