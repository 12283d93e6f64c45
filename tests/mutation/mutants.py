"""The mutants of a module: every place where an operator can change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor

from tests.mutation.operators import OPERATORS
from tests.support import ROOT

SOURCE: Final = ROOT / "mockserver" / "tpmock"
PACKAGES: Final = ("trustpilot", "segment", "faults", "sandbox")


def modules() -> list[str]:
    """Return the modules, for example ``trustpilot/access``."""
    return [
        f"{package}/{path.stem}"
        for package in PACKAGES
        for path in sorted((SOURCE / package).glob("*.py"))
        if path.stem != "__init__"
    ]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    :param occurrence: of the operator in the module, from 0
    :param within: the function or class, for example ``Faults.hit``; empty on the module's level
    :param number: of the change among those that the operator makes to this text of the function, from 0
    :param first: the first line of the statement
    :param last: the last line of the changed node
    :param before: the lines to change, without indentation and line breaks
    """

    module: str
    operator: str
    occurrence: int
    within: str
    number: int
    first: int
    last: int
    before: str

    @property
    def path(self) -> Path:
        """The file of the module."""
        return SOURCE / f"{self.module}.py"

    def code(self) -> str:
        """Return the module's source with the change."""
        return _mutated(_read(self.path), self.operator, self.occurrence)

    @property
    def after(self) -> str:
        """The changed lines, or one that is left out."""
        return _difference(_read(self.path), self.code())

    def __str__(self) -> str:
        return f"{self.module}.py:{self.first} {self.within or 'module'}: {self.before}  ->  {self.after}"


@lru_cache(maxsize=256)
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _mutated(source: str, operator: str, occurrence: int) -> str:
    code: str | None = MutationVisitor.mutate_code(source, OPERATORS[operator], occurrence)
    if code is None:
        raise LookupError(f"{operator} has no occurrence {occurrence}")
    return code


@lru_cache(maxsize=256)
def mutants_of(module: str) -> Sequence[Mutant]:
    """Return the mutants of a module."""
    return tuple(_mutants_of(module, _read(SOURCE / f"{module}.py")))


def _mutants_of(module: str, source: str) -> Iterator[Mutant]:
    lines = source.splitlines()
    occurrences = {name: count() for name in OPERATORS}
    numbers: dict[tuple[str, str, str], Iterator[int]] = {}
    for node in ast_nodes(get_ast(source)):
        for name, operator in OPERATORS.items():
            for start, end in operator.mutation_positions(node):
                occurrence = next(occurrences[name])
                if _is_left_out(node):
                    continue
                within, first = _definition(node), min(start[0], _statement(node).start_pos[0])
                before = " ".join(line.strip() for line in lines[start[0] - 1 : end[0]])
                number = next(numbers.setdefault((name, within, before), count()))
                yield Mutant(module, name, occurrence, within, number, first, end[0], before)


def _difference(source: str, changed: str) -> str:
    """Return the changed lines: all between the equal beginnings and the equal ends."""
    before, after = source.splitlines(), changed.splitlines()
    least = min(len(before), len(after))
    start = next((n for n in range(least) if before[n] != after[n]), least)
    end = next((n for n in range(least - start) if before[-1 - n] != after[-1 - n]), least - start)
    return " ".join(line.strip() for line in after[start : len(after) - end])


def _is_left_out(node: Any) -> bool:
    """Return whether a change of the node changes no rule: stars that are no operators, annotations, decorators."""
    if node.type == "operator" and node.value in ("*", "**") and node.parent.type not in ("term", "power"):
        return True
    while node.parent is not None:
        parent = node.parent
        place = parent.children.index(node)
        if parent.type == "decorator":
            return True
        if parent.type in ("tfpdef", "annassign") and place == 1 + (parent.type == "tfpdef"):
            return True
        if parent.type == "funcdef" and parent.children[place - 1].get_code().strip() == "->":
            return True
        node = parent
    return False


def _statement(node: Any) -> Any:
    """Return the innermost statement around the node."""
    while node.parent is not None and node.parent.type not in ("suite", "file_input"):
        if node.type in ("simple_stmt", "if_stmt", "for_stmt", "while_stmt", "return_stmt", "expr_stmt"):
            return node
        node = node.parent
    return node


def _definition(node: Any) -> str:
    """Return the function or class around the node, with the classes around it."""
    names: list[str] = []
    while node is not None:
        if node.type in ("funcdef", "classdef"):
            names.insert(0, node.name.value)
        node = node.parent
    return ".".join(names)
