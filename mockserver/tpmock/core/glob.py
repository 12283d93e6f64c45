"""Glob patterns, matched in time proportional to the text: fault paths, and FQL's ``match``.

A regular expression made from a user's pattern can take time exponential in its stars. Here the places of the pattern
that the text may have reached are bits of one integer; each character moves all of them at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from operator import xor
from typing import Final, NamedTuple

#: Longer patterns or texts do not match: the limits keep the worst case at about 50 ms.
LONGEST_PATTERN: Final = 4_096
LONGEST_TEXT: Final = 65_536

#: First and last code point, both included.
Ranges = tuple[tuple[int, int], ...]

_LAST: Final = 0x10FFFF
_ANY: Final[Ranges] = ((0, _LAST),)
_NO_SLASH: Final[Ranges] = ((0, ord("/") - 1), (ord("/") + 1, _LAST))


class Token(NamedTuple):
    """One place of a pattern.

    :param ranges: the matching characters, in order and without overlap
    :param repeated: whether it matches any number of characters, including none
    """

    ranges: Ranges
    repeated: bool = False


class Glob:
    """A pattern that must match a whole text."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        places: list[Token] = []
        for token in tokens:
            if places and token.repeated and places[-1].repeated:
                # Merge adjacent stars into the more general one.
                places[-1] = max(token, places[-1], key=lambda one: one.ranges == _ANY)
            else:
                places.append(token)
        self._length = len(places)
        self._stars = sum(1 << place for place, token in enumerate(places) if token.repeated)
        turns: dict[int, int] = {0: 0}
        for place, token in enumerate(places):
            for first, last in token.ranges:
                turns[first] = turns.get(first, 0) ^ 1 << place
                turns[last + 1] = turns.get(last + 1, 0) ^ 1 << place
        # Between two boundaries all characters match the same places.
        self._starts = sorted(turns)
        self._fitting = list(accumulate((turns[start] for start in self._starts), xor))

    def covers(self, text: str) -> bool:
        """Return whether the pattern matches the whole text."""
        if len(text) > LONGEST_TEXT or self._length > LONGEST_PATTERN:
            return False
        stars, places = self._stars, 1
        for character in text:
            places |= (places & stars) << 1
            places &= self._fitting[bisect_right(self._starts, ord(character)) - 1]
            places = (places & ~stars) << 1 | places & stars
        places |= (places & stars) << 1
        return bool(places >> self._length & 1)


def _one(character: str) -> Token:
    return Token(((ord(character), ord(character)),))


def _path_tokens(pattern: str) -> Iterable[Token]:
    at = 0
    while at < len(pattern):
        end = pattern.find("}", at)
        if pattern.startswith("**", at):
            yield Token(_ANY, repeated=True)
            at += 1
        elif pattern[at] == "*":
            yield Token(_NO_SLASH, repeated=True)
        elif pattern[at] == "{" and end > 0 and not set("{/") & set(pattern[at + 1 : end]):
            yield from (Token(_NO_SLASH), Token(_NO_SLASH, repeated=True))
            at = end
        else:
            yield Token(_NO_SLASH) if pattern[at] == "?" else _one(pattern[at])
        at += 1


def _fql_tokens(pattern: str) -> Iterable[Token]:
    at = 0
    while at < len(pattern):
        character = pattern[at]
        end = pattern.find("]", at + 1)
        if character in "*?":
            yield Token(_ANY, repeated=character == "*")
        elif character == "[" and end > at + 1:
            yield Token(_apart(_ranges(pattern[at + 1 : end])))
            at = end
        else:
            escaped = character == "\\" and at + 1 < len(pattern)
            at += escaped
            yield _one(pattern[at])
        at += 1


def _ranges(inside: str) -> Iterable[tuple[int, int]]:
    at = 0
    while at < len(inside):
        step = 3 if at + 2 < len(inside) and inside[at + 1] == "-" else 1
        yield ord(inside[at]), ord(inside[at + step - 1])
        at += step


def _apart(ranges: Iterable[tuple[int, int]]) -> Ranges:
    apart: list[tuple[int, int]] = []
    for first, last in sorted(one for one in ranges if one[0] <= one[1]):
        if apart and first <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(last, apart[-1][1])
        else:
            apart.append((first, last))
    return tuple(apart)


@lru_cache(maxsize=256)
def of_path(pattern: str) -> Glob:
    """Return a fault's path pattern: ``*`` within a segment, ``**`` anything, ``?`` a character, ``{id}`` a segment."""
    return Glob(_path_tokens(pattern))


@lru_cache(maxsize=256)
def of_fql(pattern: str) -> Glob:
    """Return a pattern of FQL's ``match``: ``*``, ``?``, ``[abc]``, ``[a-z]``, and ``\\x`` for a literal ``x``."""
    return Glob(_fql_tokens(pattern))
