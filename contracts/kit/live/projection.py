"""What of an answer may be written down: which fields there are, of which types, in which words and order; no value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Members whose values are words of the API and not anybody's data. Others are kept where the document lists them.
_WORDS = frozenset({"status", "state", "type", "token_type"})
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_MEMBER = re.compile(r"[A-Za-z_@$][A-Za-z0-9_@$-]{0,59}")
_FORMS = (
    ("id", re.compile(r"[0-9a-f]{24}")),
    ("uuid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)),
    ("url", re.compile(r"https?://\S+")),
)
_NAMES = {type(None): "null", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
_ENOUGH_FOR_AN_ORDER = 3


@dataclass(slots=True)
class Field:
    """What was seen in one place of an answer.

    :param types: such as ``number`` or ``string(time)``.
    :param words: values of a member that has words of the API.
    """

    types: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def data(self) -> dict[str, list[str]]:
        """As it is written down."""
        found = {"types": sorted(self.types)}
        return found | {"words": sorted(self.words)} if self.words else found


@dataclass(frozen=True, slots=True)
class Projection:
    """A body without its values.

    :param fields: by JSON pointer, in which ``*`` stands for every item of a list.
    :param order: how the items of a list follow each other, by the pointer of a time in them.
    """

    fields: Mapping[str, Field]
    order: Mapping[str, str]


def project(body: Any) -> Projection:
    """The projection of a JSON body."""
    fields: dict[str, Field] = {}
    times: dict[str, list[str]] = {}
    for pointer, value in _walk(body, ""):
        seen = fields.setdefault(pointer, Field())
        kind = _type(value)
        seen.types.add(kind)
        name = pointer.rpartition("/")[2]
        if name in _WORDS and isinstance(value, str) and _WORD.fullmatch(value):
            seen.words.add(value)
        if kind == "string(time)" and pointer.count("*") == 1:
            times.setdefault(pointer, []).append(value)
    return Projection(fields, {pointer: _order(found) for pointer, found in times.items() if _tells(found)})


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    yield pointer, value
    if isinstance(value, dict):
        for name, inner in value.items():
            # A member that is no name may be somebody's: an address, or an id.
            yield from _walk(inner, f"{pointer}/{name if _MEMBER.fullmatch(name) else '{name}'}")
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, f"{pointer}/*")


def _type(value: Any) -> str:
    if isinstance(value, str):
        form = _form(value)
        return f"string({form})" if form else "string"
    return _NAMES[type(value)]


def _form(text: str) -> str:
    for name, pattern in _FORMS:
        if pattern.fullmatch(text):
            return name
    try:
        # A year alone is a date to Python, and a number to everybody else.
        return "time" if "-" in text and datetime.fromisoformat(text) else ""
    except ValueError:
        return ""


def _tells(times: list[str]) -> bool:
    return len(set(times)) >= _ENOUGH_FOR_AN_ORDER


def _order(times: list[str]) -> str:
    moments = [datetime.fromisoformat(time).timestamp() for time in times]
    if moments == sorted(moments):
        return "ascending"
    return "descending" if moments == sorted(moments, reverse=True) else "none"
