"""Page "Coverage": operations with the evidence and source of each response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from flask import Blueprint, g, render_template
from tpmock.console.views import Row, row_limit, search

TITLE: Final = "Coverage"
pages = Blueprint("coverage", __name__)

#: Default number of operations shown.
FEW: Final = 40


@pages.get("/")
def index() -> str:
    """List the matching operations with their statuses, and count statuses and bodies by evidence level."""
    found = g.client.control.call("GET", "/coverage")
    wanted = search("api", "evidence", "stateful", "word")
    levels = [one["level"] for one in found["levels"]]
    fitting = list(_fitting(found["operations"], wanted))
    most = row_limit(FEW, len(fitting))
    apis = list(dict.fromkeys(row["api"] for row in found["operations"]))
    return render_template(
        "coverage.html",
        levels=found["levels"],
        apis=apis,
        wanted=wanted,
        bars=[bar("all", found["operations"], levels)]
        + [bar(api, [row for row in found["operations"] if row["api"] == api], levels) for api in apis],
        operations=[{**row, "weakest": _weakest(row, levels)} for row in fitting[:most]],
        fitting=len(fitting),
        total=len(found["operations"]),
    )


def bar(name: str, operations: Sequence[Row], levels: Sequence[str]) -> Row:
    """Return how much of some operations rests on which evidence, as parts of a bar of 100 units.

    :param name: of the API, or ``all``
    """
    counts = _counts(operations)
    total = sum(counts.values())
    parts: list[Row] = []
    begins = 0.0
    for level in levels:
        if counts[level]:
            width = counts[level] * 100 / total
            parts.append({"level": level, "count": counts[level], "x": round(begins, 3), "width": round(width, 3)})
            begins += width
    return {"name": name, "operations": len(operations), "total": total, "counts": counts, "parts": parts}


def _claims(row: Row) -> Iterator[str]:
    """Return the evidence level of each status and body of an operation."""
    for response in row["responses"]:
        yield response["evidence"]
        if "body" in response:
            yield response["body"]["evidence"]


def _counts(operations: Iterable[Row]) -> Counter[str]:
    return Counter(claim for row in operations for claim in _claims(row))


def _weakest(row: Row, levels: list[str]) -> str:
    return max(_claims(row), key=levels.index)


def _fitting(operations: list[Row], wanted: dict[str, str]) -> Iterator[Row]:
    for row in operations:
        name = f"{row['operationId']} {row['method']} {row['path']}".lower()
        if (
            wanted["api"] in ("", row["api"])
            and wanted["stateful"] in ("", "true" if row["stateful"] else "false")
            and wanted["word"].lower() in name
            and (not wanted["evidence"] or wanted["evidence"] in _claims(row))
        ):
            yield row
