"""How the control API lists the things of a sandbox: one route for all collections, with filters and pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, TypeVar

from tpmock.common.suggestions import did_you_mean
from tpmock.core import hints
from tpmock.core.responses import Answer
from tpmock.sandbox.sandbox import Sandbox

Row = dict[str, Any]
_T = TypeVar("_T")
#: Maximum number of values in a hint, and of characters of each; the rows that are read for them, the newest.
_SHOWN: Final = 5
_LONGEST: Final = 60
_READ: Final = 1_000


@dataclass(frozen=True, slots=True)
class Collection:
    """Things of a sandbox that are listed as rows.

    :param things: the oldest first
    :param row: makes the row of one thing
    :param fields: makes, once for a whole list, a reader of a field that skips making the row: ten thousand rows take a
        quarter of a second
    """

    things: Callable[[Sandbox], Iterable[Any]]
    row: Callable[[Sandbox, Any], Row]
    fields: Mapping[str, Callable[[Sandbox], Callable[[Any], Any]]] = field(default_factory=dict)

    def reader(self, sandbox: Sandbox, name: str) -> Callable[[Any], str | None]:
        """Return what reads a field of a row as text, or None when it has no such field."""
        if name in self.fields:
            field_of = self.fields[name](sandbox)
            return lambda thing: _as_text(field_of(thing))

        def read(thing: Any) -> str | None:
            row = self.row(sandbox, thing)
            return _as_text(row[name]) if name in row else None

        return read


def listed(
    sandbox: Sandbox, collections: Mapping[str, Collection], collection: str, arguments: Mapping[str, Any]
) -> Row | Answer:
    """Return a page of a collection under the collection's own name.

    :param arguments: ``filters``, fields of the rows compared as text; ``skip`` and ``limit``, the page, counted from
        the newest; ``count_by``, a field by whose values all matching rows are counted
    """
    one = collections[collection]
    hint = None
    with sandbox.lock:
        found = list(one.things(sandbox))
        for name, value in arguments["filters"].items():
            read = one.reader(sandbox, name)
            before, found = found, [thing for thing in found if read(thing) == value]
            if before and not found:
                hint = _nothing(one, sandbox, before, name, value)
        page = [one.row(sandbox, thing) for thing in page_of(found, arguments["skip"], arguments["limit"])]
        result = {collection: page, "total": len(found)}
        if arguments["count_by"] is not None:
            counts = Counter(map(one.reader(sandbox, arguments["count_by"]), found))
            result["counts"] = {value: count for value, count in counts.items() if value is not None}
        return result if hint is None else Answer(200, result, hint=hint)


def _nothing(one: Collection, sandbox: Sandbox, things: Sequence[Any], name: str, value: str) -> str:
    """Return a hint for a filter that matches none of the things: there is no such field, or no such value."""
    known = {*one.fields, *one.row(sandbox, things[-1])}
    if name not in known:
        return hints.FIELD_UNKNOWN.format(name=name, advice=did_you_mean(name, sorted(known)))
    newest = Counter(map(one.reader(sandbox, name), things[-_READ:]))
    short = [there for there, _ in newest.most_common(_SHOWN) if there is not None and len(there) <= _LONGEST]
    return hints.VALUE_UNKNOWN.format(name=name, value=value, values=", ".join(short) or "longer")


def page_of(found: Sequence[_T], skip: int, limit: int) -> Sequence[_T]:
    """Return a page, counted from the newest; a page has the oldest first."""
    end = max(0, len(found) - skip)
    return found[max(0, end - limit) : end]


def values(name: str) -> Callable[[Sandbox], Iterable[Any]]:
    """Return a reader of the values of a mapping in the sandbox, such as ``world.webhooks``."""
    mapping = attrgetter(name)
    return lambda sandbox: mapping(sandbox).values()


def member(name: str) -> Callable[[Sandbox], Callable[[Any], Any]]:
    """Return a reader of an attribute, or of an attribute of an attribute: ``event.trace``."""
    read = attrgetter(name)
    return lambda _: read


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    # 1 and 0 equal True and False, but are different JSON values.
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
