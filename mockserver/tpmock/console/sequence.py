"""A trace as a sequence diagram: requests between participants, and events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from tpmock.console.views import Row

#: Lanes from left to right.
LANES: Final = ("Your program", "Segment", "Destination", "Trustpilot", "Consumer", "Your webhook")
_PROGRAM, _SEGMENT, _DESTINATION, _TRUSTPILOT, _CONSUMER, _WEBHOOK = range(len(LANES))

#: Lanes of steps without an exchange, by prefix of their names.
_LANE_OF: Final = (
    (("event-", "not-connected", "delivery-"), _SEGMENT),
    (("review-written", "review-revised", "review-deleted"), _CONSUMER),
    (("webhook-",), _WEBHOOK),
)
#: Maximum length of a path beside an arrow; of a longer one only the end is shown.
_LONGEST: Final = 30
#: Seconds without a step that are shown as a wait.
_NOTICED: Final = 5.0
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_GOOD: Final = ("delivery-delivered", "invitation-delivered", "review-written", "webhook-delivered")
_BAD: Final = ("event-dropped", "not-connected", "delivery-discarded", "invitation-not-delivered", "webhook-failed")
_WAITING: Final = ("delivery-awaiting-retry", "delivery-filtered", "webhook-awaiting-retry")


@dataclass(frozen=True, slots=True)
class Arrow:
    """One line of the diagram, an arrow or a dot.

    :ivar start: index of the first lane, from 0
    :ivar end: index of the target lane; equal to ``start`` for a dot
    :ivar tone: style: ``good``, ``bad``, ``warn``, ``calm``
    :ivar step: step of the trace
    :ivar exchange: journal entry, if it is an exchange that is still kept
    :ivar title: what it is, in words
    :ivar call: method, path and status of an exchange; empty for a dot
    :ivar since: time since the first step, of the sandbox's clock
    :ivar wait: what passed before it, in words; empty if it followed at once
    """

    start: int
    end: int
    tone: str
    step: Row
    exchange: Row | None
    title: str
    call: str
    since: str
    wait: str

    @property
    def fault(self) -> bool:
        """Return whether a fault made the answer."""
        entry = self.exchange or {}
        by_address = str(self.step["facts"].get("hint") or "").startswith("Fault ")
        return entry.get("fault") is not None or bool(entry.get("effect")) or by_address

    @property
    def left(self) -> int:
        """Return the leftmost lane, from 1."""
        return min(self.start, self.end) + 1

    @property
    def right(self) -> int:
        """Return the lane after the rightmost, from 1."""
        return max(self.start, self.end) + 2

    @property
    def width(self) -> int:
        """Return the number of lanes it covers."""
        return self.right - self.left


def arrows(trace: Row, operations: Mapping[str, Row], exchanges: Mapping[int, Row]) -> Iterator[Arrow]:
    """Return the diagram of a trace, from top to bottom.

    :param operations: operations of the coverage by id
    :param exchanges: journal entries by id
    """
    called_from = _PROGRAM
    steps = trace["steps"]
    first = before = datetime.fromisoformat(steps[0]["at"]) if steps else None
    attempts = 0
    for step in steps:
        now = datetime.fromisoformat(step["at"])
        entry = exchanges.get(step["entry"])
        title, call, retry = step["text"], "", False
        if step["what"] == "call":
            start, end = _call(step, operations, called_from)
            title, call = _named(step), _called(step)
        elif step["what"] == "post":
            delivery = step["facts"]["operation"] == "deliver"
            attempts += delivery
            retry = delivery and attempts > 1
            start, end = (_SEGMENT, _DESTINATION) if delivery else (_TRUSTPILOT, _WEBHOOK)
            title = f"deliver the event, attempt {attempts}" if delivery else _named(step)
            call = _called(step)
            # During the delivery of an event, the destination is the caller.
            called_from = _DESTINATION if delivery else called_from
        else:
            start = end = next((lane for names, lane in _LANE_OF if step["what"].startswith(names)), _TRUSTPILOT)
            if step["what"].startswith("invitation-delivered"):
                end = _CONSUMER
        wait = "" if before is None else _wait((now - before).total_seconds(), attempts, retry=retry)
        since = "" if first is None else f"+{span((now - first).total_seconds())}"
        yield Arrow(start, end, _tone(step), step, entry, title, call, since, wait)
        before = max(now, before or now)


def span(seconds: float) -> str:
    """Format a short or long time in at most two units: ``12 ms``, ``1.2 s``, ``1 min 33 s``, ``7 d 2 h``."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < _UNITS[-2][1]:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    left, parts = int(seconds), []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {name}")
    return " ".join(parts[:2])


def _wait(seconds: float, attempts: int, *, retry: bool) -> str:
    if seconds < _NOTICED:
        return ""
    return f"Segment waited {span(seconds)} before attempt {attempts}" if retry else f"{span(seconds)} later"


def _named(step: Row) -> str:
    """Return the operation in words: ``createEmailInvitations`` becomes ``create email invitations``."""
    operation = step["facts"]["operation"]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation).lower() if operation else "undocumented call"


def _called(step: Row) -> str:
    facts = step["facts"]
    path = urlsplit(facts["address"]).path if step["what"] == "post" else facts["address"]
    shown = path if len(path) <= _LONGEST else f"…/{path.rstrip('/').rpartition('/')[2]}"
    return f"{facts['method']} {shown} → {facts['status'] or facts['error'] or 'no answer'}"


def _call(step: Row, operations: Mapping[str, Row], called_from: int) -> tuple[int, int]:
    operation = operations.get(step["facts"]["operation"] or "")
    if operation is not None and operation["api"].startswith("segment"):
        return _PROGRAM, _SEGMENT
    if operation is not None and operation["path"].startswith("/evaluate"):
        return _CONSUMER, _TRUSTPILOT
    return called_from, _TRUSTPILOT


def _tone(step: Row) -> str:
    if step["what"] in ("call", "post"):
        status = step["facts"]["status"]
        return "bad" if status is None or status >= 500 else "warn" if status >= 400 else "good"  # noqa: PLR2004 - HTTP's classes
    for tone, names in (("good", _GOOD), ("bad", _BAD), ("warn", _WAITING)):
        if step["what"].startswith(names):
            return tone
    return "calm"
