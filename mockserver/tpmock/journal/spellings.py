"""Spellings of words in texts, and a search for many of them in the time of one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final
from urllib.parse import quote, quote_plus

#: Length of the prefix that distinguishes most words, and most addresses before the sign.
_FEW: Final = 3
_BEFORE_SIGN: Final = 8


def spellings(word: str) -> set[str]:
    """Return a pattern of a word's spellings in headers, URLs, forms, JSON and pages."""
    escaped = (json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1])
    return {word, quote(word, safe=""), quote(word), quote_plus(word), html.escape(word), *escaped}


class Addresses:
    """Finds addresses by their sign: the time depends on the text, not on the number of addresses.

    :param sign: the separator of an address
    :param forms: the addresses, in lower case, with the sign in them
    """

    def __init__(self, sign: str, forms: Iterable[str]) -> None:
        self._sign = sign
        #: The parts after the sign, by length and content of the part before it.
        self._parts: dict[int, dict[str, tuple[str, ...]]] = {}
        for form in forms:
            before, _, behind = form.partition(sign)
            alike = self._parts.setdefault(len(before), {})
            alike[before] = (*alike.get(before, ()), behind)
        self._few = min((*self._parts, _BEFORE_SIGN))
        self._ends = {before[len(before) - self._few :] for alike in self._parts.values() for before in alike}

    def found_in(self, text: str) -> bool:
        """Return whether a text contains one of them, ignoring case."""
        if not text.isascii():
            # Some letters become two in lower case.
            text = text.lower()
        pieces, few = text.split(self._sign), self._few
        # Fast path: most texts contain none.
        if few and self._ends.isdisjoint([before[-few:].lower() for before in pieces]):
            return False
        pieces = text.lower().split(self._sign)
        return any(self._fits(before, pieces[number:]) for number, before in enumerate(pieces[:-1], 1))

    def _fits(self, before: str, behind: list[str]) -> bool:
        found = [
            parts
            for length, alike in self._parts.items()
            if length <= len(before) and (parts := alike.get(before[len(before) - length :]))
        ]
        return bool(found) and any(map(self._sign.join(behind).startswith, found))


def by_sign(forms: set[str]) -> tuple[Addresses, Addresses, list[str]]:
    """Spellings of addresses: those with the plain sign, those with the quoted one, and those without a sign."""
    lower = {form.lower() for form in forms}
    plain = {form for form in lower if "@" in form}
    quoted = {form for form in lower - plain if "%40" in form}
    return Addresses("@", plain), Addresses("%40", quoted), sorted(lower - plain - quoted)


def pattern(flags: int, *kinds: tuple[str, set[str], str]) -> re.Pattern[str] | None:
    """Return a pattern for words of some kinds, each with its own boundaries."""
    found = [f"{before}(?:{_any_of(forms, flags)}){behind}" for before, forms, behind in kinds if forms]
    if not found:
        return None
    # A fast check: at most places of a text no word begins.
    begins = "".join(sorted({re.escape(form[0]) for _, forms, _ in kinds for form in forms}))
    return re.compile(f"(?=[{begins}])(?:{'|'.join(found)})", flags)


def _any_of(words: set[str], flags: int) -> str:
    """Return a pattern for one of some words, the longest match first.

    Words with the same prefix are grouped, so that few are tried at each place of a text.
    """

    def beginning(word: str) -> tuple[int, str]:
        first = word[:_FEW].lower() if flags & re.IGNORECASE else word[:_FEW]
        return -len(first), first

    groups = []
    for (_, first), alike in groupby(sorted(words, key=beginning), beginning):
        rest = sorted((word[len(first) :] for word in alike), key=lambda word: (-len(word), word))
        groups.append(f"{re.escape(first)}(?:{'|'.join(map(re.escape, rest))})")
    return "|".join(groups)
