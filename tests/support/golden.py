"""Compares an answer with a golden one from the documentation or the seeds: shape, not values."""

from __future__ import annotations

import json
from typing import Any

from tests.support import ROOT

_EXPECTED = ROOT / "fixtures" / "expected"


def golden(operation_id: str) -> Any:
    """The answer in ``fixtures/expected/<operationId>.json``."""
    return json.loads((_EXPECTED / f"{operation_id}.json").read_text(encoding="utf-8"))


def same_shape(actual: Any, expected: Any, where: str = "$") -> None:
    """Fail unless keys are equal at every depth and types are equal; null on either side matches anything.

    Elements of an actual array are compared with the first of the expected one; an empty one on either side matches
    any array. A whole number passes for a broken one, as JSON makes no difference.

    :raises AssertionError: naming the place of the first difference
    """
    if actual is None or expected is None:
        return
    kinds = _kind(actual), _kind(expected)
    assert kinds[0] == kinds[1], f"{where}: {kinds[0]} where {kinds[1]} was expected"
    if isinstance(expected, dict):
        missing, surplus = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        assert not missing, f"{where}: lacks {sorted(missing)}"
        assert not surplus, f"{where}: has besides {sorted(surplus)}"
        for name, part in expected.items():
            same_shape(actual[name], part, f"{where}.{name}")
    elif isinstance(expected, list) and expected:
        for index, part in enumerate(actual):
            same_shape(part, expected[0], f"{where}[{index}]")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"
