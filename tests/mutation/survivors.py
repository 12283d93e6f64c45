"""The mutants that may survive, each with its reason: ``survivors.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.mutation.mutants import Mutant

FILE: Final = Path(__file__).with_name("survivors.yaml")

#: Module, function, operator, text, and number among equal ones: what names a mutant while lines move.
Key = tuple[str, str, str, str, int]


def key_of(mutant: Mutant) -> Key:
    """Return the key of a mutant."""
    return mutant.module, mutant.within, mutant.operator, mutant.before, mutant.number


@cache
def content() -> Mapping[str, Any]:
    """Return the file: sentences by the name of a reason, and by that name the mutants by module."""
    found: Mapping[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def listed() -> dict[Key, str]:
    """Return the sentence for each mutant that may survive."""
    return {
        (module, row["in"], row["operator"], row["before"], row.get("number", 0)): content()["reasons"][name]
        for name, modules in content()["survivors"].items()
        for module, rows in modules.items()
        for row in rows
    }


def row_of(mutant: Mutant) -> str:
    """Return a mutant as a row of the file."""
    row: dict[str, Any] = {
        "in": mutant.within,
        "operator": mutant.operator,
        "before": mutant.before,
        "after": mutant.after,
    }
    if mutant.number:
        row["number"] = mutant.number
    line: str = yaml.safe_dump(row, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return "- " + line.strip()
