"""Outcomes of a program's calls: redirected, refused, not redirected."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Outcome(Enum):
    """The outcome of a call. The values are for display."""

    LED = "led"
    NOT_LED = "not led"
    REFUSED = "refused"
    ALLOWED = "allowed"


NO_TRUST: Final = "the program does not accept the certificate: it pins certificates, or uses its own bundle"
NO_REQUEST: Final = "the program closed the connection without a request: does it pin certificates?"
NO_MOCK: Final = "the mock did not answer"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report."""

    outcome: Outcome
    host: str
    count: int
    remark: str = ""

    def __str__(self) -> str:
        words = f"{self.outcome.value:<8} {self.host}  {self.count}"
        return f"{words}  {self.remark}" if self.remark else words


@dataclass(slots=True)
class Outcomes:
    """Counts calls by host. Thread-safe."""

    _counts: Counter[tuple[Outcome, str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: Outcome, host: str, remark: str = "") -> None:
        """Count one call.

        :param remark: the reason, or advice
        """
        with self._lock:
            self._counts[outcome, host, remark] += 1

    def lines(self) -> list[Line]:
        """Return one line for each host and outcome, the successful ones first."""
        return sorted(self._lines(), key=lambda line: (list(Outcome).index(line.outcome), line.host))

    def hosts(self, outcome: Outcome) -> list[str]:
        """Return the hosts of an outcome, each once per call."""
        return [line.host for line in self.lines() if line.outcome is outcome for _ in range(line.count)]

    def _lines(self) -> Iterator[Line]:
        with self._lock:
            counted = list(self._counts.items())
        led = {host for (outcome, host, _), _ in counted if outcome is Outcome.LED}
        for (outcome, host, remark), count in counted:
            # A client may open connections that it never uses.
            if remark != NO_REQUEST or host not in led:
                yield Line(outcome, host, count, remark)
