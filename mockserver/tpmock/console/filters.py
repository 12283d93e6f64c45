"""Template filters that format values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from textwrap import dedent
from typing import Any, Final
from urllib.parse import urlsplit

from tpmock.console.views import counted

#: Maximum length of a body on a page; the journal's response has all of it.
LONGEST: Final = 20_000
#: Maximum length of an address in a list.
LONGEST_TARGET: Final = 160


def moment(text: str | None) -> str:
    """Format a time of the API: ``2026-11-21 02:04:10``, always UTC."""
    return "" if text is None else text.replace("T", " ").removesuffix("Z").partition(".")[0]


def pretty(value: Any) -> str:
    """Format a body: indented JSON, or unchanged text."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n... {len(text) - LONGEST:,} characters more; GET the entry from the control API for all"


def tone(status: int | None) -> str:
    """Return the CSS class of a status."""
    if status is None:
        return "bad"
    return "good" if status < 300 else "calm" if status < 400 else "warn" if status < 500 else "bad"  # noqa: PLR2004 - HTTP's own classes


def words(name: str) -> str:
    """Convert a name of the API to words: ``invitation-not-delivered`` becomes ``invitation not delivered``."""
    return name.replace("-", " ").replace("_", " ")


def target(entry: Mapping[str, Any]) -> str:
    """Return the target of a journal entry: a path if inbound, an address if outbound. Long ones are truncated."""
    parts = urlsplit(entry["url"])
    address = parts._replace(scheme="", netloc="").geturl() if entry["direction"] == "in" else entry["url"]
    return address if len(address) <= LONGEST_TARGET else f"{address[:LONGEST_TARGET]}…"


#: Units of durations, largest first. No seconds, because a live page would change all the time.
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def duration(seconds: float) -> str:
    """Format a duration in at most two units, rounded up: ``4 days 4 hours``; ``no time`` if it is over."""
    if seconds <= 0:
        return "no time"
    largest = next((index for index, (_, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    units = _UNITS[largest : largest + 2]
    finest = units[-1][1]
    left, parts = ceil(seconds / finest) * finest, []
    for name, size in units:
        count, left = divmod(left, size)
        if count:
            parts.append(counted(count, name))
    return " ".join(parts)


def until(moment: str, now: str) -> str:
    """Return the time between two times of the API, formatted by :func:`duration`."""
    return duration((datetime.fromisoformat(moment) - datetime.fromisoformat(now)).total_seconds())


def sureness(level: str) -> str:
    """Return the CSS class of an evidence level."""
    return "warn" if level == "assumed" else "calm" if level == "observed" else "good"


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    each.__name__: each for each in (counted, dedent, moment, pretty, sureness, target, tone, until, words)
}
