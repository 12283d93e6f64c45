"""Which exchanges descend from which first cause."""

from __future__ import annotations

from typing import Final

from mockserver.ring import Ring

#: How many keys are remembered.
KEYS: Final = 20_000


class Traces:
    """Joins what has something in common, such as an order's number. Used under the sandbox's lock."""

    __slots__ = ("_by_key", "_last")

    def __init__(self) -> None:
        self._by_key: Ring[str, str] = Ring(KEYS)
        self._last = 0

    def begin(self, *keys: str) -> str:
        """A new first cause, known from now on by ``keys``; a key that is known already stays with its first."""
        self._last += 1
        trace = f"trace-{self._last}"
        for key in keys:
            if key not in self._by_key:
                self._by_key[key] = trace
        return trace

    def find(self, key: str) -> str | None:
        """The first cause known by ``key``."""
        return self._by_key.get(key)
