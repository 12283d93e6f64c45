"""How the control API lists what is in a sandbox: one route for all collections of a room, with filters and a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.sandbox import Sandbox

Row = dict[str, Any]


def listed(
    sandbox: Sandbox,
    rooms: Mapping[str, Callable[[Sandbox], Iterable[Row]]],
    collection: str,
    limit: int,
    filters: Mapping[str, str],
) -> dict[str, Any]:
    """A collection under its own name.

    :param rooms: what makes the rows of each collection
    :param limit: the newest so many that fit
    :param filters: fields of the rows, compared as text
    """
    with sandbox.lock:
        rows = [row for row in rooms[collection](sandbox) if _fits(row, filters)]
    return {collection: rows[-limit:], "total": len(rows)}


def _fits(row: Row, filters: Mapping[str, str]) -> bool:
    return all(name in row and _as_text(row[name]) == value for name, value in filters.items())


def _as_text(value: Any) -> str:
    return {True: "true", False: "false", None: "null"}[value] if value in (True, False, None) else str(value)
