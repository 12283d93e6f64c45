"""Glob patterns as FQL's ``match`` has them: ``*``, ``?``, ``[abc]``, ``[a-z]`` and ``\\x`` for a literal ``x``."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

#: Stands for any number of characters.
_ANY: Final = None
#: One character: a set of ranges that it may lie in; no range at all means any character.
_Ranges = tuple[tuple[str, str], ...]


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern covers the whole text. Takes text times pattern at worst, whatever the pattern."""
    parts = _parts(pattern)
    at = part = 0
    star, resume = -1, 0
    while at < len(text):
        if part < len(parts) and parts[part] is _ANY:
            star, resume = part, at
            part += 1
        elif part < len(parts) and _fits(text[at], parts[part]):
            at += 1
            part += 1
        elif star >= 0:
            # Let the last star swallow one character more.
            resume += 1
            at, part = resume, star + 1
        else:
            return False
    return all(left is _ANY for left in parts[part:])


def _fits(character: str, ranges: _Ranges | None) -> bool:
    return ranges is not None and (not ranges or any(low <= character <= high for low, high in ranges))


@lru_cache(maxsize=1_024)
def _parts(pattern: str) -> tuple[_Ranges | None, ...]:
    parts: list[_Ranges | None] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        end = pattern.find("]", at + 1)
        if character == "*":
            parts.append(_ANY)
        elif character == "?":
            parts.append(())
        elif character == "[" and end > at + 1:
            parts.append(_set(pattern[at + 1 : end]))
            at = end
        else:
            if character == "\\" and at + 1 < len(pattern):
                at += 1
                character = pattern[at]
            parts.append(((character, character),))
        at += 1
    return tuple(parts)


def _set(inside: str) -> _Ranges:
    ranges: list[tuple[str, str]] = []
    at = 0
    while at < len(inside):
        if at + 2 < len(inside) and inside[at + 1] == "-":
            ranges.append((inside[at], inside[at + 2]))
            at += 3
        else:
            ranges.append((inside[at], inside[at]))
            at += 1
    return tuple(ranges)
