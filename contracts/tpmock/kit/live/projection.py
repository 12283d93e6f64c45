"""What of an answer may be written down: which fields there are, of which types, in which words and order; no value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from tpmock.common.moments import parse_iso

# Members whose values are words of the API and not personal data. Others are kept where the document lists them.
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


class FieldShape(msgspec.Struct, omit_defaults=True):
    """Observations in one place of an answer.

    :param types: such as ``number`` or ``string(time)``
    :param words: values of a member that has words of the API
    """

    types: set[str] = msgspec.field(default_factory=set)
    words: set[str] = msgspec.field(default_factory=set)


class Projection(msgspec.Struct, frozen=True):
    """A body without its values.

    :param fields: by JSON pointer, in which ``*`` stands for every item of a list
    :param order: how the items of a list follow each other, by the pointer of a time in them
    """

    fields: dict[str, FieldShape]
    order: dict[str, str]


def project(body: Any) -> Projection:
    """Return the projection of a JSON body."""
    fields: dict[str, FieldShape] = {}
    times: dict[str, list[str]] = {}
    for pointer, value in _walk(body, ""):
        seen = fields.setdefault(pointer, FieldShape())
        kind = _type(value)
        seen.types.add(kind)
        name = pointer.rpartition("/")[2]
        if name in _WORDS and isinstance(value, str) and _WORD.fullmatch(value):
            seen.words.add(value)
        if kind == "string(time)" and pointer.count("*") == 1:
            times.setdefault(pointer, []).append(value)
    telling = {pointer: found for pointer, found in times.items() if len(set(found)) >= _ENOUGH_FOR_AN_ORDER}
    return Projection(fields, {pointer: _order(found) for pointer, found in telling.items()})


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    yield pointer, value
    if isinstance(value, dict):
        for name, inner in value.items():
            # A member that is not a name may be personal data: an address, or an id.
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
    # A year alone is a date to Python, and a number to everybody else.
    return "time" if "-" in text and parse_iso(text) is not None else ""


def _order(times: list[str]) -> str:
    moments = [moment for time in times if (moment := parse_iso(time)) is not None]
    if moments == sorted(moments):
        return "ascending"
    return "descending" if moments == sorted(moments, reverse=True) else "none"
