"""Parser and writer of the one-line syntax of faults.

::

    WHAT  EFFECT  MODIFIER...

    email-invitations 429 x2 then ok
    createEmailInvitations,find timeout 2s from 3 30% for 5m
    POST /v1/private/** 503 as gateway retry-after 5
    any cut after where consumer.email=ada@example.com
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from tpmock.common import compiled, package_data
from tpmock.common.durations import seconds
from tpmock.faults import names
from tpmock.faults.effects import KINDS, SHAPES, Effect, Kind, duration, exact, number, usual
from tpmock.faults.model import Match, Script
from tpmock.faults.validation import METHODS, checked

ANY: Final = "any"
ALWAYS: Final = "always"
_EXAMPLE: Final = "write for example: email-invitations 429 x2 then ok"
_COUNT = re.compile(r"x(\d{1,9})", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)
_NTH = re.compile(r"(\d{1,9})(?:st|nd|rd|th)?", re.ASCII)
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)


@cache
def modifiers() -> Mapping[str, str]:
    """Return the words that may follow an effect, with their meanings."""
    found: dict[str, str] = compiled.content(package_data.path("texts", "fault-words.yaml"))
    return found


def parse(line: str) -> Script:
    """Return the fault that a line describes.

    :raises ValueError: with an error message that names the unknown word and the known words
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise ValueError("a quotation mark is not closed") from None
    if not words:
        raise ValueError(f"a fault needs words: {_EXAMPLE}")
    return checked(_Line(words).script())


class _Line:
    """Words of a line, read from left to right."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0
        self._match: dict[str, Any] = {}
        self._effect: dict[str, Any] = {}
        self._ends: dict[str, Any] = {}

    def script(self) -> Script:
        self._read_what()
        effect = self._read_effect()
        while (word := self._next()) is not None:
            self._read_modifier(word)
        unending = "probability" in self._ends or "lasts" in self._ends
        return Script(
            match=Match(**self._match),
            effect=replace(effect, **self._effect),
            **{"count": None if unending else 1, **self._ends},
        )

    def _next(self) -> str | None:
        if self._at == len(self._words):
            return None
        self._at += 1
        return self._words[self._at - 1]

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _needed(self, after: str, what: str) -> str:
        word = self._next()
        if word is None:
            raise ValueError(f"behind {after!r} comes {what}")
        return word

    # --- what is struck -------------------------------------------------------------------------------------------

    def _read_what(self) -> None:
        first = self._peek()
        if _is_effect(first):
            raise ValueError(
                f"{first!r} is what goes wrong; before it comes with which calls: an operation such as "
                f"email-invitations, a path such as /v1/private/**, or {ANY}"
            )
        if first.lower() == ANY:
            self._at += 1
        elif first not in METHODS and not first.startswith("/"):
            self._at += 1
            self._match["operations"] = tuple(dict.fromkeys(names.operation(name) for name in first.split(",")))
        if self._peek() in METHODS:
            self._match["method"] = self._next()
        if self._peek().startswith("/"):
            self._match["path"] = self._next()

    # --- what goes wrong ------------------------------------------------------------------------------------------

    def _read_effect(self) -> Effect:
        word = self._next()
        if word is None:
            raise ValueError(f"what goes wrong is missing: {_EXAMPLE}, or {_kinds()}")
        if _DIGITS.fullmatch(word):
            return usual("status", int(word))
        if not _is_effect(word):
            raise ValueError(
                f"{word!r} is nothing that can go wrong{names.nearest(word, KINDS)}. There are a status such as 429, "
                f"{_kinds()}"
            )
        effect, kind = usual(word.lower()), KINDS[word.lower()]
        if kind.takes == "duration" and self._peek()[:1].isdecimal() and not _PERCENT.fullmatch(self._peek()):
            length = _seconds(word, self._needed(word, "a duration"))
            effect = replace(effect, delay=length) if kind.name == "delay" else replace(effect, hold=length)
        if kind.takes == "rate" and _DIGITS.fullmatch(self._peek()):
            effect = replace(effect, rate=int(self._needed(word, "a number")))
        if kind.name == "delay":
            # So that a second delay is reported as an error.
            self._effect["delay"] = effect.delay
        return effect

    # --- the rest -------------------------------------------------------------------------------------------------

    def _read_modifier(self, word: str) -> None:
        if found := _COUNT.fullmatch(word):
            self._say(self._ends, "count", int(found[1]), word)
        elif found := _PERCENT.fullmatch(word):
            self._say(self._ends, "probability", exact(float(found[1]) / 100, 8), word)
        elif word.lower() in ("before", "after"):
            self._say(self._effect, "when", word.lower(), word)
        elif word.lower() == ALWAYS:
            self._say(self._ends, "count", None, word)
        elif (read := self._READERS.get(word.lower())) is not None:
            read(self, word)
        else:
            known = [modifier.split()[0] for modifier in modifiers()]
            raise ValueError(
                f"{word!r} cannot be understood here{names.nearest(word, known)}. "
                f"These words may follow an effect: {', '.join(modifiers())}"
            )

    @staticmethod
    def _say(where: dict[str, Any], name: str, value: Any, word: str) -> None:
        if name in where:
            raise ValueError(f"{word!r} repeats an earlier word")
        where[name] = value

    def _read_from(self, word: str) -> None:
        which = self._needed(word, "the number of a call, such as 3")
        found = _NTH.fullmatch(which)
        if found is None:
            raise ValueError(f"behind 'from' comes the number of a call, such as 3, not {which!r}")
        self._say(self._match, "nth", int(found[1]), word)

    def _read_for(self, word: str) -> None:
        self._say(self._ends, "lasts", _seconds(word, self._needed(word, "a duration such as 5m")), word)

    def _read_as(self, word: str) -> None:
        shape = self._needed(word, f"a form: {', '.join(SHAPES)}")
        if shape.lower() not in SHAPES:
            raise ValueError(f"{shape!r} is not a form{names.nearest(shape, SHAPES)}: there are {', '.join(SHAPES)}")
        self._say(self._effect, "shape", shape.lower(), word)

    def _read_retry_after(self, word: str) -> None:
        given = self._needed(word, "a number of seconds")
        if not _DIGITS.fullmatch(given):
            raise ValueError(f"behind 'retry-after' comes a number of seconds, not {given!r}")
        self._say(self._effect, "retry_after", int(given), word)

    def _read_delay(self, word: str) -> None:
        self._say(self._effect, "delay", _seconds(word, self._needed(word, "a duration such as 2s")), word)

    def _read_where(self, word: str) -> None:
        self._add("body", word, "consumerEmail=ada@example.com")

    def _read_header(self, word: str) -> None:
        self._add("headers", word, "x-business-user-id=...")

    def _add(self, where: str, word: str, example: str) -> None:
        text = self._needed(word, f"a condition such as {example}")
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"behind {word!r} comes a condition such as {example}, not {text!r}")
        self._match[where] = (*self._match.get(where, ()), (name, value))

    def _read_then(self, word: str) -> None:
        what = self._needed(word, "ok")
        if what.lower() != "ok":
            raise ValueError(
                f"behind 'then' comes ok, not {what!r}. For what goes wrong afterwards add a second fault: "
                "those of one call strike one after the other"
            )
        if self._peek():
            raise ValueError(f"'then ok' ends the line; {self._peek()!r} comes before it")

    _READERS: Final[Mapping[str, Callable[[_Line, str], None]]] = {
        "from": _read_from,
        "for": _read_for,
        "as": _read_as,
        "retry-after": _read_retry_after,
        "delay": _read_delay,
        "where": _read_where,
        "header": _read_header,
        "then": _read_then,
    }


def _is_effect(word: str) -> bool:
    return _DIGITS.fullmatch(word) is not None or (word.lower() in KINDS and word.lower() != "status")


def _kinds() -> str:
    return ", ".join(name for name in KINDS if name != "status")


def _seconds(word: str, text: str) -> float:
    try:
        return exact(seconds(text))
    except ValueError as error:
        raise ValueError(f"behind {word!r} comes a duration: {error}") from None


def write(script: Script) -> str:
    """Return ``script`` in one-line syntax, without default values."""
    match = script.match
    words = [",".join(match.operations)] if match.operations else []
    words += [_quoted(part) for part in (match.method, match.path) if part is not None] or ([] if words else [ANY])
    words.append(script.effect.text)
    for word, pairs in (("where", match.body), ("header", match.headers)):
        words += [f"{word} {_quoted(f'{name}={value}')}" for name, value in pairs]
    if match.nth > 1:
        words.append(f"from {match.nth}")
    if script.probability < 1:
        words.append(f"{number(script.probability * 100)}%")
    if script.lasts is not None:
        words.append(f"for {duration(script.lasts)}")
    unending = script.probability < 1 or script.lasts is not None
    if script.count != (None if unending else 1):
        words.append(ALWAYS if script.count is None else f"x{script.count}")
    return " ".join(words)


def _quoted(text: str) -> str:
    """Quote only where necessary: ``shlex.quote`` would quote every pattern and every condition."""
    try:
        return text if shlex.split(text) == [text] else shlex.quote(text)
    except ValueError:
        return shlex.quote(text)


def example(kind: Kind) -> str:
    """Return an example of a kind, with the argument that may follow its name."""
    usually = {"duration": duration(kind.usual), "rate": number(kind.usual)}.get(kind.takes or "")
    name = "429" if kind.name == "status" else kind.name
    return f"{name} {usually}" if usually else name
