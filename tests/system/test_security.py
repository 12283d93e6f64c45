"""The table of SECURITY.md: each promise is held by tests that are there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support import ROOT

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    lines = (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert table[0] == ["to", "promise", "held by"]
    return table[2:]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1])
def test_a_promise_is_held_by_tests(row: list[str]) -> None:
    assert len(row) == 3
    named = _TEST.findall(row[2])
    assert named
    assert _TEST.sub("", row[2]).strip(" ,") == "", "a test is named in another form"
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}, f"{file} has no {name}"


def test_every_promise_stands_there_once() -> None:
    promises = [row[1] for row in rows()]
    assert len(promises) >= 14
    assert len(set(promises)) == len(promises)
