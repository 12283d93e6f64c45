"""The sentences beside answers are data: each is used, by its name, with a value for each of its places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest
from tpmock.core import hints

from tests.support import ROOT

PACKAGES = ROOT / "mockserver" / "tpmock"


def uses() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Where each sentence is used: place, name, and the names of the values it is given."""
    for path in PACKAGES.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if not re.search(r"from tpmock\.core import .*\bhints\b", source):
            continue
        tree = ast.parse(source)
        given = {
            call.func.value: frozenset(keyword.arg or "**" for keyword in call.keywords)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "format"
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hints" and node.attr.isupper():
                yield f"{path.relative_to(PACKAGES)}:{node.lineno}", node.attr, given.get(node, frozenset())


def places(sentence: str) -> frozenset[str]:
    # What stands in a path, as in /reviews/{reviewId}, is shown as it is.
    fields = Formatter().parse(sentence)
    return frozenset(name for before, name, _, _ in fields if name is not None and not before.endswith("/"))


USES = sorted(uses(), key=lambda use: use[:2])


@pytest.mark.parametrize(("place", "name", "given"), USES, ids=[f"{place}-{name}" for place, name, _ in USES])
def test_a_sentence_is_there_and_gets_a_value_for_each_place(place: str, name: str, given: frozenset[str]) -> None:
    assert places(hints.texts()[name]) == given


def test_every_sentence_is_used() -> None:
    assert {name for _, name, _ in USES} == hints.texts().keys()


def test_a_name_that_is_none_is_said() -> None:
    with pytest.raises(AttributeError, match=r"hints.yaml has no sentence 'TOKEN_TIRED'"):
        hints.TOKEN_TIRED  # noqa: B018 - the access is what is tried
