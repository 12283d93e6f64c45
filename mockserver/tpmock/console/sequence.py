"""A trace as a sequence diagram: requests between participants, and events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

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
    """

    start: int
    end: int
    tone: str
    step: Row
    exchange: Row | None

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
    for step in trace["steps"]:
        entry = exchanges.get(step["entry"])
        if step["what"] == "call":
            start, end = _call(step, operations, called_from)
        elif step["what"] == "post":
            delivery = step["facts"]["operation"] == "deliver"
            start, end = (_SEGMENT, _DESTINATION) if delivery else (_TRUSTPILOT, _WEBHOOK)
            # During the delivery of an event, the destination is the caller.
            called_from = _DESTINATION if delivery else called_from
        else:
            start = end = next((lane for names, lane in _LANE_OF if step["what"].startswith(names)), _TRUSTPILOT)
            if step["what"].startswith("invitation-delivered"):
                end = _CONSUMER
        yield Arrow(start, end, _tone(step), step, entry)


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
