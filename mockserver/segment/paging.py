"""Pages of the Public API: a cursor is the place where a page begins, in base64, and nobody's business."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, Final

from mockserver.problems import Problem
from mockserver.segment.model import Json

#: Entries of a page when nobody says how many. Assumed.
USUAL: Final = 200
_PLACE: Final = re.compile(r"[0-9]{1,9}")


def page(entries: Sequence[Any], count: int | None, cursor: str | None) -> tuple[list[Any], Json]:
    """The entries from ``cursor`` on, and the member ``pagination`` that belongs to them.

    :raises Problem: when the cursor is none
    """
    start = _place(cursor)
    end = start + (count or USUAL)
    links = {"current": _cursor(start), "totalEntries": len(entries)}
    if end < len(entries):
        links["next"] = _cursor(end)
    if start:
        links["previous"] = _cursor(max(0, start - (count or USUAL)))
    return list(entries[start:end]), links


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
        sentence = "pagination.cursor is none that an answer gave"
        raise Problem("invalid-request", hint=f"{sentence}.", detail=sentence)
    return int(text)
