"""A sandbox's own time: real time plus an offset, or frozen; and how durations and moments are written."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

System = Callable[[], float]

#: Beyond this moment no sandbox goes: far enough for any token, near enough for every date format.
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()

_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?", re.ASCII)
_SHORT = re.compile(r"(\d+(?:\.\d{1,6})?)(ms|s|m|h|d|w)", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


@dataclass(frozen=True, slots=True)
class ClockState:
    """Where a clock stands.

    :param now: the moment there
    :param offset: how far it is ahead of real time while it runs
    """

    now: float
    offset: float
    frozen: bool


class Clock:
    """The time in one sandbox, in seconds since 1970 UTC.

    :param system: where real time comes from. This is the only place of the program that asks for it.
    """

    __slots__ = ("_frozen", "_offset", "_system")

    def __init__(self, system: System = time.time) -> None:
        self._system = system
        self._offset = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        """The moment it is here."""
        frozen = self._frozen
        return self._system() + self._offset if frozen is None else frozen

    def state(self) -> ClockState:
        """Where it stands."""
        return ClockState(self.now(), self._offset, self.frozen)

    def set(self, state: ClockState, *, run_on: bool) -> None:
        """Back to where it stood.

        :param run_on: it has been running all the while, unless it was frozen; else it goes on from that moment
        """
        self._offset = state.offset if run_on else state.now - self._system()
        self._frozen = state.now if state.frozen else None

    @property
    def frozen(self) -> bool:
        """Whether time stands still here."""
        return self._frozen is not None

    def freeze(self) -> None:
        """Stop where it is."""
        self._frozen = self.now()

    def resume(self) -> None:
        """Run on from where it stands."""
        if self._frozen is not None:
            self._offset = self._frozen - self._system()
            self._frozen = None

    def move_to(self, moment: float) -> None:
        """Go forward to ``moment``; a moment that is past changes nothing, for time never runs back."""
        now = self.now()
        if moment <= now:
            return
        if self._frozen is None:
            self._offset += moment - now
        else:
            self._frozen = moment

    def real_wait(self, moment: float) -> float | None:
        """Real seconds until ``moment`` comes by itself; None when it never will because time stands still."""
        wait = moment - self.now()
        if wait <= 0:
            return 0.0
        return None if self.frozen else wait


def seconds(text: str) -> float:
    """A duration in seconds, from ISO 8601 (``P7D``, ``PT101H``) or a short form (``7d``, ``101h``, ``300ms``).

    :raises ValueError: with a sentence, when it is neither
    """
    if short := _SHORT.fullmatch(text):
        return _bounded(text, float(short[1]) * _UNITS[short[2]])
    iso = _ISO.fullmatch(text)
    if iso is None or not any(iso.groups()):
        raise ValueError(f"{text!r} is no duration: write P7D, PT101H, 7d, 101h, 30m or 45s")
    parts = [float(part or 0) for part in iso.groups()]
    return _bounded(text, sum(part * _UNITS[unit] for part, unit in zip(parts, "wdhms", strict=True)))


def _bounded(text: str, value: float) -> float:
    if value > LATEST:
        raise ValueError(f"{text!r} is longer than this program can count")
    return value


def iso(moment: float) -> str:
    """``2026-01-31T13:37:00Z``."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(moment: float) -> str:
    """``2026-01-31T13:37:00.000Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> float | None:
    """A moment from ISO 8601 with any usual offset and any number of fraction digits; without an offset it is UTC.

    :returns: seconds since 1970, or None when ``text`` is no date
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
