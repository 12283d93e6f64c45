"""Moments as text: ISO 8601 in UTC, written with a ``Z``. A moment is a number of seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso(moment: float) -> str:
    """Return a moment to the second: ``2026-01-31T13:37:00Z``."""
    return _iso(int(moment))


# A busy server says the same second many times.
@lru_cache(maxsize=256)
def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def iso_milliseconds(moment: float) -> str:
    """Return a moment to the millisecond: ``2026-01-31T13:37:00.000Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> float | None:
    """Read ISO 8601 with any offset and any number of fraction digits; without an offset it is UTC.

    :returns: None when ``text`` is not a date
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
