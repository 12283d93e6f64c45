"""How values are shown: the filters of the templates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from textwrap import dedent
from typing import Any, Final
from urllib.parse import urlsplit

#: Of a body that long, a page shows the beginning; the journal's own answer has all of it.
LONGEST: Final = 20_000
#: Of an address in a list.
LONGEST_PLACE: Final = 160


def moment(text: str | None) -> str:
    """A moment of the API as people read it: ``2026-11-21 02:04:10``, always UTC."""
    return "" if text is None else text.replace("T", " ").removesuffix("Z").partition(".")[0]


def pretty(value: Any) -> str:
    """A body: JSON on lines of its own, text as it is."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n... {len(text) - LONGEST:,} characters more; GET the entry from the control API for all"


def tone(status: int | None) -> str:
    """The class of a status: how it went."""
    if status is None:
        return "bad"
    return "good" if status < 300 else "calm" if status < 400 else "warn" if status < 500 else "bad"  # noqa: PLR2004 - HTTP's own classes


def words(name: str) -> str:
    """A name of the API as words: ``invitation-not-delivered`` becomes ``invitation not delivered``."""
    return name.replace("-", " ").replace("_", " ")


def place(entry: Mapping[str, Any]) -> str:
    """Where a call of the journal went: what came in to a path, what went out to an address. Cut where it is long."""
    parts = urlsplit(entry["url"])
    address = parts._replace(scheme="", netloc="").geturl() if entry["direction"] == "in" else entry["url"]
    return address if len(address) <= LONGEST_PLACE else f"{address[:LONGEST_PLACE]}…"


#: What a span of time is told in, from the largest. Not in seconds, which would change all the time.
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def span(seconds: float) -> str:
    """A span of time in two units at most, rounded up: ``4 days 4 hours``; ``no time`` when it is over."""
    if seconds <= 0:
        return "no time"
    place = next((place for place, (_, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    parts = _UNITS[place : place + 2]
    finest = parts[-1][1]
    left, told = ceil(seconds / finest) * finest, []
    for name, size in parts:
        count, left = divmod(left, size)
        if count:
            told.append(f"{count:,} {name}{'s' * (count != 1)}")
    return " ".join(told)


def until(moment: str, now: str) -> str:
    """How long it is from one moment of the API to another, as :func:`span` tells it."""
    return span((datetime.fromisoformat(moment) - datetime.fromisoformat(now)).total_seconds())


def sureness(level: str) -> str:
    """The class of a level of evidence: how far one may lean on it."""
    return "warn" if level == "assumed" else "calm" if level == "observed" else "good"


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "dedent": dedent,
    "moment": moment,
    "place": place,
    "pretty": pretty,
    "sureness": sureness,
    "tone": tone,
    "until": until,
    "words": words,
}
