"""Counter of calls per key, by the sandbox's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from tpmock.core.bounded import BoundedDict

#: Recommended limits (Rate limiting): calls, within seconds.
CEILINGS: Final = ((833, 300), (10_000, 3600))

_BUCKET: Final = 60
#: Number of one-minute buckets per key: the last hour.
_BUCKETS: Final = 60
#: Maximum number of keys.
_KEYS: Final = 1_000


class RateMeter:
    """Counts calls per key in minutes of the last hour. Used under the sandbox's lock.

    :param calls: saved counts: for each key, minute and number of calls
    """

    __slots__ = ("_by_key",)

    def __init__(self, calls: Mapping[str, Iterable[tuple[int, int]]] = MappingProxyType({})) -> None:
        self._by_key = BoundedDict({key: dict(minutes) for key, minutes in calls.items()}, size=_KEYS)

    def state(self) -> dict[str, list[tuple[int, int]]]:
        """Return the counts to save: for each key, minute and number of calls."""
        return {key: list(minutes.items()) for key, minutes in self._by_key.items()}

    def count(self, key: str, now: float) -> None:
        """Count one call of ``key``."""
        minutes = self._by_key.get(key)
        if minutes is None:
            minutes = self._by_key[key] = {}
        minute = int(now // _BUCKET)
        minutes[minute] = minutes.get(minute, 0) + 1
        if len(minutes) > _BUCKETS:
            del minutes[next(iter(minutes))]

    def calls(self, key: str, now: float, window: int) -> int:
        """Return the calls of ``key`` within the last ``window`` seconds, to the minute."""
        since = int((now - window) // _BUCKET)
        return sum(calls for minute, calls in self._by_key.get(key, {}).items() if minute > since)

    def exceeded(self, key: str, now: float) -> tuple[int, int] | None:
        """Return the first limit, calls and seconds, that ``key`` exceeds."""
        return next(((most, window) for most, window in CEILINGS if self.calls(key, now, window) > most), None)

    def metered(self) -> list[str]:
        """Return every counted key."""
        return list(self._by_key)
