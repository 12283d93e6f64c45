"""How often each key calls, by the sandbox's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mockserver.ring import Ring

#: The recommended ceilings (Rate limiting): calls, within seconds.
CEILINGS: Final = ((833, 300), (10_000, 3600))

_BUCKET: Final = 60
_LONGEST: Final = 3600
#: Keys that are remembered.
_KEYS: Final = 1_000


@dataclass(slots=True)
class _Bucket:
    minute: int
    calls: int


class Meter:
    """Counts calls per key in minutes of the last hour. Used under the sandbox's lock.

    :param calls: what was counted before: of each key, minute and number of calls
    """

    __slots__ = ("_by_key",)

    def __init__(self, calls: Mapping[str, Iterable[tuple[int, int]]] = MappingProxyType({})) -> None:
        self._by_key: Ring[str, deque[_Bucket]] = Ring(_KEYS)
        for key, minutes in calls.items():
            self._by_key[key] = deque((_Bucket(*minute) for minute in minutes), maxlen=_LONGEST // _BUCKET)

    def state(self) -> dict[str, list[tuple[int, int]]]:
        """What was counted: of each key, minute and number of calls."""
        return {key: [(one.minute, one.calls) for one in buckets] for key, buckets in self._by_key.items()}

    def count(self, key: str, now: float) -> None:
        """One more call of ``key``."""
        minute = int(now // _BUCKET)
        buckets = self._by_key.get(key)
        if buckets is None:
            buckets = self._by_key[key] = deque(maxlen=_LONGEST // _BUCKET)
        if buckets and buckets[-1].minute == minute:
            buckets[-1].calls += 1
        else:
            buckets.append(_Bucket(minute, 1))

    def calls(self, key: str, now: float, window: int) -> int:
        """Calls of ``key`` within the last ``window`` seconds, to the minute."""
        since = int((now - window) // _BUCKET)
        return sum(bucket.calls for bucket in self._by_key.get(key, ()) if bucket.minute > since)

    def exceeded(self, key: str, now: float) -> tuple[int, int] | None:
        """The first ceiling, calls and seconds, that ``key`` is above."""
        return next(((most, window) for most, window in CEILINGS if self.calls(key, now, window) > most), None)

    def metered(self) -> list[str]:
        """Every key that was counted."""
        return list(self._by_key)
