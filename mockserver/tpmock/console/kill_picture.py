"""The kill matrix as a picture: a row per mutant, a column per case, a dot where the case catches the mutant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

#: Side of a cell, and of the dot in it, in units of the picture.
CELL: Final = 6
DOT: Final = 5
#: Height of the bars above the columns.
BARS: Final = 40


def drawn(mutants: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return places and sizes of the picture's parts.

    Columns are grouped by the prefix of the cases' ids. The bar above a column says how many mutants its case catches.

    :param mutants: ``name``, ``wrong`` and ``caught`` (checks by case) of each, in the order of the rows
    """
    kills = Counter(case for one in mutants for case in one["caught"])
    cases = sorted(kills)
    column = {case: number for number, case in enumerate(cases)}
    highest = max(kills.values(), default=1)
    rows = [
        {
            "name": one["name"],
            "wrong": one["wrong"],
            "y": BARS + CELL * number,
            "cases": len(one["caught"]),
            "path": "".join(
                f"M{CELL * column[case] + 1} {BARS + CELL * number + 1}h{DOT}v{DOT}h-{DOT}z" for case in one["caught"]
            ),
        }
        for number, one in enumerate(mutants)
    ]
    bars = [
        {"case": case, "kills": kills[case], "x": CELL * number + 1, "height": round(kills[case] * BARS / highest, 2)}
        for number, case in enumerate(cases)
    ]
    groups, begins = [], 0
    for prefix, members in groupby(cases, key=lambda case: case.partition("-")[0]):
        count = len(list(members))
        groups.append({"prefix": prefix, "cases": count, "x": CELL * begins, "width": CELL * count})
        begins += count
    return {
        "rows": rows,
        "bars": bars,
        "groups": groups,
        "width": CELL * len(cases),
        "height": BARS + CELL * len(rows),
        "kills": sum(kills.values()),
        "fewest": sorted(mutants, key=lambda one: len(one["caught"]))[:5],
        "once": sum(len(one["caught"]) == 1 for one in mutants),
    }
