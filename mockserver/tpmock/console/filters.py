"""Template filters that format values."""

from __future__ import annotations

import json
import re
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


def pretty(value: Any, longest: int = LONGEST) -> str:
    """Format a body: indented JSON, or unchanged text; a long one is cut."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n... {len(text) - longest:,} characters more; GET the entry from the control API for all"


def size(count: int) -> str:
    """Format a number of bytes: ``412 B``, ``1.2 kB``."""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"  # noqa: PLR2004 - a kilobyte


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


_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def relative(text: str, now: str) -> str:
    """Format the times in a text, and add how long it is until those that are still to come."""

    def shown(found: re.Match[str]) -> str:
        ahead = (datetime.fromisoformat(found[0]) - datetime.fromisoformat(now)).total_seconds()
        return f"{moment(found[0])} (in {duration(ahead)})" if ahead > 0 else moment(found[0])

    return _MOMENT.sub(shown, text)


def age(began: str, now: str) -> str:
    """Return how long ago a moment was in one short unit, rounded down: ``now``, ``5 min``, ``3 h``, ``7 d``."""
    seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(began)).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size):,} {unit}"
    return "now"


def sureness(level: str) -> str:
    """Return the CSS class of an evidence level."""
    return "warn" if level == "assumed" else "calm" if level == "observed" else "good"


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    each.__name__: each
    for each in (age, counted, dedent, moment, pretty, relative, size, sureness, target, tone, until, words)
}
