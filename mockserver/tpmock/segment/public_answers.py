"""Lists and errors of the Public API. A cursor is the base64 of the place where a page begins."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from tpmock.core import hints
from tpmock.core.problems import Problem
from tpmock.segment.model import Json

#: Default number of entries of a page. Assumed.
USUAL: Final = 200
_E = TypeVar("_E")
_PLACE: Final = re.compile(r"[0-9]{1,9}")


def page(entries: Sequence[_E], arguments: Json) -> tuple[list[_E], Json]:
    """Return the entries from the cursor on, with their member ``pagination``.

    :param arguments: of the call, with ``pagination_count`` and ``pagination_cursor``
    :raises Problem: when the cursor is not valid
    """
    start, count = _place(arguments["pagination_cursor"]), arguments["pagination_count"] or USUAL
    end = start + count
    links = {"current": _cursor(start), "totalEntries": len(entries)}
    if end < len(entries):
        links["next"] = _cursor(end)
    if start:
        links["previous"] = _cursor(max(0, start - count))
    return list(entries[start:end]), links


def listed(name: str, entries: Iterable[_E], shape: Callable[[_E], Any], arguments: Json) -> Json:
    """Return the answer of a list: the entries from the cursor on, each converted, and ``pagination``."""
    found, pagination = page(list(entries), arguments)
    return {"data": {name: [shape(entry) for entry in found], "pagination": pagination}}


def _cursor(place: int) -> str:
    return base64.b64encode(str(place).encode()).decode()


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor, validate=True).decode("ascii")
    except ValueError:
        text = ""
    if not _PLACE.fullmatch(text):
        raise invalid("pagination.cursor is not from an answer of this list")
    return int(text)


_T = TypeVar("_T")


def found(thing: _T | None, kind: str, name: str) -> _T:
    """Return a thing that was looked up.

    :param kind: of thing, for the message
    :raises Problem: when the workspace has nothing of that id
    """
    if thing is None:
        sentence = hints.NOTHING_OF_THAT_ID.format(kind=kind, name=name)
        raise Problem("not-found", hint=sentence, detail=sentence)
    return thing


def invalid(sentence: str) -> Problem:
    """Return the error for a request that is well-formed but has wrong content."""
    return Problem("invalid-request", hint=f"{sentence}.", detail=sentence)
