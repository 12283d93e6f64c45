"""How the control API lists what is in a sandbox: one route for all collections of a room, with filters and pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver.sandbox import Sandbox

Row = dict[str, Any]

#: The value of a field that a row does not have.
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Listed:
    """One collection.

    :param things: what is in it, the oldest first
    :param row: shows one of them
    :param fields: what rows say in some fields, known without making the row: ten thousand rows take a quarter of a
        second
    """

    things: Callable[[Sandbox], Iterable[Any]]
    row: Callable[[Sandbox, Any], Row]
    fields: Mapping[str, Callable[[Sandbox, Any], Any]] = field(default_factory=dict)

    def value(self, sandbox: Sandbox, thing: Any, name: str) -> Any:
        """A field of a row as text; ``_NOTHING`` when it has no such field."""
        known = self.fields.get(name)
        value = self.row(sandbox, thing).get(name, _NOTHING) if known is None else known(sandbox, thing)
        return value if value is _NOTHING else _as_text(value)


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
            found = [thing for thing in found if one.value(sandbox, thing, name) == value]
        end = max(0, len(found) - arguments["skip"])
        page = [one.row(sandbox, thing) for thing in found[max(0, end - arguments["limit"]) : end]]
        result = {collection: page, "total": len(found)}
        if arguments["count_by"] is not None:
            values = (one.value(sandbox, thing, arguments["count_by"]) for thing in found)
            result["counts"] = dict(Counter(value for value in values if value is not _NOTHING))
        return result


def _as_text(value: Any) -> str:
    return {True: "true", False: "false", None: "null"}[value] if value in (True, False, None) else str(value)
