"""Which calls a fault is meant for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mockserver.faults.effects import OUT, Kind, Room

_WILD = re.compile(r"\*\*|\*|\?|\{[^{}/]*\}")
_WILD_MEANING = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call that could be struck, coming in or going out.

    :param header: gives the value of a request header, or an empty string
    :param body: what came as JSON or as a form, or None
    """

    operation: str
    room: Room
    method: str
    path: str
    header: Callable[[str], str]
    body: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which calls are meant: those that fit everything that is said.

    :param operations: operationIds; none for all that come in
    :param path: a pattern: ``*`` stands for anything within a segment, ``**`` for anything, ``{id}`` for a segment
    :param body: members by dotted path or JSON Pointer, compared as text
    :param headers: compared as text; names in any letter case
    :param nth: the first such call that is meant, counted from 1
    """

    operations: tuple[str, ...] = ()
    method: str | None = None
    path: str | None = None
    body: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    nth: int = 1

    def fits(self, exchange: Exchange, kind: Kind) -> bool:
        """Whether ``exchange`` is such a call, its number aside, and one that ``kind`` can strike."""
        return (
            exchange.room in kind.rooms
            and (exchange.operation in self.operations if self.operations else exchange.room != OUT)
            and (self.method is None or exchange.method == self.method)
            and (self.path is None or _pattern(self.path).fullmatch(exchange.path) is not None)
            and (kind.name != "token-revoked" or exchange.header("authorization").lower().startswith("bearer "))
            and self._fits_content(exchange)
        )

    def _fits_content(self, exchange: Exchange) -> bool:
        if any(exchange.header(name) != value for name, value in self.headers):
            return False
        if not self.body:
            return True
        body = exchange.body()
        return all(as_text(member(body, path)) == value for path, value in self.body)


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    parts, at = [], 0
    for wild in _WILD.finditer(glob):
        parts += [re.escape(glob[at : wild.start()]), _WILD_MEANING.get(wild[0], "[^/]+")]
        at = wild.end()
    return re.compile("".join([*parts, re.escape(glob[at:])]), re.DOTALL)


def member(body: Any, path: str) -> Any:
    """What ``body`` holds at a dotted path or, where it begins with a slash, a JSON Pointer; None when nothing does."""
    if path.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
    else:
        parts = path.split(".")
    for part in parts:
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body


def as_text(value: Any) -> str | None:
    """A JSON value as it is compared; None for one that is not plain, and for nothing."""
    if isinstance(value, str):
        return value
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)
