"""The kill matrix: every program that is wrong on purpose, and which checks of which cases catch it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program that is wrong in one way.

    :ivar wrong: what is wrong about it, in a sentence
    :ivar caught: the checks that catch it, by the id of their case
    """

    name: str
    wrong: str
    caught: Mapping[str, tuple[str, ...]]


def load() -> tuple[Mutant, ...]:
    """All of them, in their order. The file is written by a test that judges each of them."""
    text = (files("contracts") / "mutants" / "kill_matrix.json").read_text(encoding="utf-8")
    return tuple(
        Mutant(name, row["wrong"], {case: tuple(checks) for case, checks in row["caught"].items()})
        for name, row in json.loads(text).items()
    )


def document() -> dict[str, list[dict[str, object]]]:
    """For programs."""
    return {"mutants": [{"name": one.name, "wrong": one.wrong, "caught": dict(one.caught)} for one in load()]}


def lines() -> Iterator[str]:
    """For people."""
    for one in load():
        caught = ", ".join(f"{case} ({', '.join(checks)})" for case, checks in one.caught.items())
        yield f"{one.name}\n    {one.wrong}\n    caught by {caught}"
