"""How sure one can be of each answer, and where that was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flask import Blueprint, g, render_template, request

TITLE: Final = "Coverage"
pages = Blueprint("coverage", __name__)

#: How many operations are shown, unless all are asked for.
FEW: Final = 40

Row = dict[str, Any]


@pages.get("/")
def index() -> str:
    """Every operation that fits, with its statuses; above, how many statuses rest on what."""
    found = g.door.control.call("GET", "/coverage")
    wanted = {name: request.args.get(name, "").strip() for name in ("api", "evidence", "stateful", "word")}
    levels = [one["level"] for one in found["levels"]]
    fitting = list(_fitting(found["operations"], wanted))
    most = len(fitting) if "all" in request.args else FEW
    apis = list(dict.fromkeys(row["api"] for row in found["operations"]))
    return render_template(
        "coverage.html",
        levels=found["levels"],
        apis=apis,
        wanted=wanted,
        counts={api: _counts(row for row in found["operations"] if row["api"] == api) for api in apis},
        counted=_counts(found["operations"]),
        operations=[{**row, "weakest": _weakest(row, levels)} for row in fitting[:most]],
        fitting=len(fitting),
        total=len(found["operations"]),
    )


def _counts(operations: Iterable[Row]) -> Counter[str]:
    """How many statuses rest on each level."""
    return Counter(response["evidence"] for row in operations for response in row["responses"])


def _weakest(row: Row, levels: list[str]) -> str:
    return max((str(response["evidence"]) for response in row["responses"]), key=levels.index)


def _fitting(operations: list[Row], wanted: dict[str, str]) -> Iterator[Row]:
    for row in operations:
        name = f"{row['operationId']} {row['method']} {row['path']}".lower()
        if (
            wanted["api"] in ("", row["api"])
            and wanted["stateful"] in ("", "true" if row["stateful"] else "false")
            and wanted["word"].lower() in name
            and (not wanted["evidence"] or any(one["evidence"] == wanted["evidence"] for one in row["responses"]))
        ):
            yield row
