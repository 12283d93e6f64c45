"""The format of durations: ISO 8601 and short forms."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

#: The latest time of a sandbox: late enough for any token, early enough for every date format.
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()

_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?", re.ASCII)
_SHORT = re.compile(r"(\d+(?:\.\d{1,6})?)(ms|s|m|h|d|w)", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def seconds(text: str) -> float:
    """Return seconds from an ISO 8601 duration (``P7D``, ``PT101H``) or a short form (``7d``, ``101h``, ``300ms``).

    :raises ValueError: with an error message, when it is neither
    """
    if short := _SHORT.fullmatch(text):
        return _bounded(text, float(short[1]) * _UNITS[short[2]])
    if text.startswith(("-", "P-", "PT-")):
        raise ValueError(f"{text!r} is negative. A clock only goes forward; to go back, restore a snapshot")
    iso = _ISO.fullmatch(text)
    if iso is None or not any(iso.groups()):
        raise ValueError(f"{text!r} is not a duration: write P7D, PT101H, 7d, 101h, 30m or 45s")
    parts = [float(part or 0) for part in iso.groups()]
    return _bounded(text, sum(part * _UNITS[unit] for part, unit in zip(parts, "wdhms", strict=True)))


def _bounded(text: str, value: float) -> float:
    if value > LATEST:
        raise ValueError(f"{text!r} is longer than this program can count")
    return value
