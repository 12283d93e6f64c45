"""The kill matrix: all mutants, with the cases and checks that catch each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

import msgspec
from tpmock.kit.cases.case_files import read_yaml


class Mutant(msgspec.Struct, frozen=True):
    """Program with one defect.

    :ivar wrong: the defect, as a sentence
    :ivar caught: the checks that catch it, by the id of their case
    """

    name: str
    wrong: str
    caught: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        """For people."""
        caught = ", ".join(f"{case} ({', '.join(checks)})" for case, checks in self.caught.items())
        return f"{self.name}\n    {self.wrong}\n    caught by {caught}"


class Excused(msgspec.Struct, frozen=True):
    """Checks of cases that no mutant breaks.

    :ivar reason: why there is none that would break this check in these cases
    """

    check: str
    cases: tuple[str, ...]
    reason: str


def excused() -> tuple[Excused, ...]:
    """Return the checks that no mutant breaks. A test compares them with the matrix."""
    text = files("tpmock.mutants") / "without_mutant.yaml"
    return tuple(msgspec.convert(one, Excused) for one in read_yaml(text))


def load() -> tuple[Mutant, ...]:
    """Return all mutants in order. A test that runs each of them writes the file."""
    rows = json.loads((files("tpmock.mutants") / "kill_matrix.json").read_bytes())
    return tuple(msgspec.convert({"name": name, **row}, Mutant) for name, row in rows.items())
