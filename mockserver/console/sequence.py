"""A trace as a sequence picture: who said what to whom, and what happened in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: The lanes, from left to right.
LANES: Final = ("Your program", "Segment", "Destination", "Trustpilot", "Consumer", "Your webhook")
_PROGRAM, _SEGMENT, _DESTINATION, _TRUSTPILOT, _CONSUMER, _WEBHOOK = range(len(LANES))

#: Where things happen that are no exchange, by how their names begin.
_PLACES: Final = (
    (("event-", "not-connected", "delivery-"), _SEGMENT),
    (("review-written", "review-revised", "review-deleted"), _CONSUMER),
    (("webhook-",), _WEBHOOK),
)
_GOOD: Final = ("delivery-delivered", "invitation-delivered", "review-written", "webhook-delivered")
_BAD: Final = ("event-dropped", "not-connected", "delivery-discarded", "invitation-not-delivered", "webhook-failed")
_WAITING: Final = ("delivery-awaiting-retry", "delivery-filtered", "webhook-awaiting-retry")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the picture.

    :ivar start: the lane it begins in, from 0
    :ivar end: the lane it leads to; the same when something happened in one place
    :ivar tone: how it went: ``good``, ``bad``, ``warn``, ``calm``
    :ivar step: what the trace has of it
    :ivar exchange: the journal's entry, when it is an exchange that is still kept
    """

    start: int
    end: int
    tone: str
    step: Row
    exchange: Row | None

    @property
    def left(self) -> int:
        """The first lane it covers, from 1."""
        return min(self.start, self.end) + 1

    @property
    def right(self) -> int:
        """The lane behind the last it covers, from 1."""
        return max(self.start, self.end) + 2

    @property
    def width(self) -> int:
        """How many lanes it covers."""
        return self.right - self.left


def lines(trace: Row, operations: Mapping[str, Row], exchanges: Mapping[int, Row]) -> Iterator[Line]:
    """The picture of a trace, from top to bottom.

    :param operations: by id, as the coverage lists them
    :param exchanges: the journal's entries by id
    """
    called_from = _PROGRAM
    for step in trace["steps"]:
        entry = exchanges.get(step["entry"])
        if step["what"] == "call":
            start, end = _call(step, operations, called_from)
        elif step["what"] == "post":
            delivery = step["facts"]["operation"] == "deliver"
            start, end = (_SEGMENT, _DESTINATION) if delivery else (_TRUSTPILOT, _WEBHOOK)
            # What is called while an event is delivered, the destination calls.
            called_from = _DESTINATION if delivery else called_from
        else:
            start = end = _place(step["what"])
            if step["what"].startswith("invitation-delivered"):
                start, end = _TRUSTPILOT, _CONSUMER
        yield Line(start, end, _tone(step), step, entry)


def _call(step: Row, operations: Mapping[str, Row], called_from: int) -> tuple[int, int]:
    operation = operations.get(step["facts"]["operation"] or "")
    if operation is not None and operation["api"].startswith("segment"):
        return _PROGRAM, _SEGMENT
    if operation is not None and operation["path"].startswith("/evaluate"):
        return _CONSUMER, _TRUSTPILOT
    return called_from, _TRUSTPILOT


def _place(what: str) -> int:
    return next((place for beginnings, place in _PLACES if what.startswith(beginnings)), _TRUSTPILOT)


def _tone(step: Row) -> str:
    if step["what"] in ("call", "post"):
        status = step["facts"]["status"]
        return "bad" if status is None or status >= 500 else "warn" if status >= 400 else "good"  # noqa: PLR2004 - HTTP's classes
    for tone, names in (("good", _GOOD), ("bad", _BAD), ("warn", _WAITING)):
        if step["what"].startswith(names):
            return tone
    return "calm"
