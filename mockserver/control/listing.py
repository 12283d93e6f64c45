"""How the control API lists what is in a sandbox: one route for all collections of a room, with filters and pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from mockserver.sandbox import Sandbox

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """One collection.

    :param things: what is in it, the oldest first
    :param row: shows one of them
    :param fields: what tells, once for the whole list, what rows say in some fields without making the row: ten
        thousand rows take a quarter of a second
    """

    things: Callable[[Sandbox], Iterable[Any]]
    row: Callable[[Sandbox, Any], Row]
    fields: Mapping[str, Callable[[Sandbox], Callable[[Any], Any]]] = field(default_factory=dict)

    def teller(self, sandbox: Sandbox, name: str) -> Callable[[Any], str | None]:
        """What tells a field of a row as text; None when it has no such field."""
        if name in self.fields:
            known = self.fields[name](sandbox)
            return lambda thing: _as_text(known(thing))

        def tell(thing: Any) -> str | None:
            row = self.row(sandbox, thing)
            return _as_text(row[name]) if name in row else None

        return tell


def listed(
    sandbox: Sandbox, collections: Mapping[str, Listed], collection: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """A page of a collection under the collection's own name.

    :param arguments: ``filters``, fields of the rows compared as text; ``skip`` and ``limit``, which page, counted from
        the newest; ``count_by``, a field by whose values all that fit are counted
    """
    one = collections[collection]
    with sandbox.lock:
        found = list(one.things(sandbox))
        for name, value in arguments["filters"].items():
            tell = one.teller(sandbox, name)
            found = [thing for thing in found if tell(thing) == value]
        end = max(0, len(found) - arguments["skip"])
        page = [one.row(sandbox, thing) for thing in found[max(0, end - arguments["limit"]) : end]]
        result = {collection: page, "total": len(found)}
        if arguments["count_by"] is not None:
            told = Counter(map(one.teller(sandbox, arguments["count_by"]), found))
            result["counts"] = {value: count for value, count in told.items() if value is not None}
        return result


def member(name: str) -> Callable[[Sandbox], Callable[[Any], Any]]:
    """A field that is a member of the thing itself, or of a member of it: ``event.trace``."""
    tell = attrgetter(name)
    return lambda _: tell


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    # 1 and 0 are equal to True and False, and are none.
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
