"""Values in FQL: their kinds, comparisons, and functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tpmock.core import glob

Value = Any


class FqlError(ValueError):
    """An FQL statement that is not valid or cannot be evaluated. The message says where and why."""


def kind(value: Value) -> str:
    """Return the kind of a value, in FQL's terms."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "object"


def truth(value: Value, where: str) -> bool:
    """Return whether a value is true; null is not.

    :raises FqlError: when it is neither true nor false
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    raise FqlError(f"{where} is a {kind(value)}, neither true nor false")


def _same(left: Value, right: Value) -> bool:
    if kind(left) != kind(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def _number_pair(left: Value, right: Value) -> tuple[float, float] | None:
    """Return both sides as numbers; None when one is missing, because it cannot be compared."""
    if left is None or right is None:
        return None
    if kind(left) != "number" or kind(right) != "number":
        raise FqlError(f"a {kind(left)} and a {kind(right)} cannot be compared by size")
    return left, right


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Value, Value], bool]:
    def ordered(left: Value, right: Value) -> bool:
        pair = _number_pair(left, right)
        return pair is not None and compare(*pair)

    return ordered


def _contained(left: Value, right: Value) -> bool:
    if right is None:
        return False
    if not isinstance(right, list):
        raise FqlError(f"what stands behind in is a {kind(right)}, not a list")
    return any(_same(left, item) for item in right)


#: In the order in which the parser looks for them.
COMPARISONS: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "=": _same,
    "!=": lambda left, right: not _same(left, right),
    ">=": _ordered(lambda left, right: left >= right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    "<": _ordered(lambda left, right: left < right),
    "in": _contained,
}


# --- functions --------------------------------------------------------------------------------------------------------


def _text(value: Value, function: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise FqlError(f"{function} needs a string, not a {kind(value)}")


def _changing(name: str, change: Callable[[str], str]) -> Callable[[Value], str | None]:
    def changed(value: Value) -> str | None:
        text = _text(value, name)
        return None if text is None else change(text)

    return changed


def _comparing(name: str, compare: Callable[[str, str], bool]) -> Callable[[Value, Value], bool]:
    def compared(value: Value, other: Value) -> bool:
        text, wanted = _text(value, name), _text(other, name)
        return text is not None and wanted is not None and compare(text, wanted)

    return compared


def _length(value: Value) -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        # Bytes, as documented; a lone surrogate has no UTF-8 bytes.
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, list):
        return len(value)
    raise FqlError(f"length needs a list or a string, not a {kind(value)}")


def _as_number(value: Value) -> float:
    if kind(value) in ("number", "string"):
        try:
            return float(value)
        except ValueError:
            pass
    raise FqlError(f"number cannot make a number of {value!r}")


#: Number of arguments of each function.
FUNCTIONS: Final[Mapping[str, tuple[Callable[..., Value], int]]] = {
    "contains": (_comparing("contains", lambda text, part: part in text), 2),
    "match": (_comparing("match", lambda text, pattern: glob.of_fql(pattern).covers(text)), 2),
    "length": (_length, 1),
    "lowercase": (_changing("lowercase", str.lower), 1),
    "uppercase": (_changing("uppercase", str.upper), 1),
    "snakecase": (_changing("snakecase", lambda text: text.replace(" ", "_")), 1),
    "kebabcase": (_changing("kebabcase", lambda text: text.replace(" ", "-")), 1),
    "titlecase": (_changing("titlecase", str.title), 1),
    "typeof": (kind, 1),
    "bool": (bool, 1),
    "string": (lambda value: value if isinstance(value, str) else json.dumps(value), 1),
    "number": (_as_number, 1),
}
