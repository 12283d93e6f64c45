"""The delivery overview as a funnel, and over time: one computation for pages, from the control API's overview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Final

#: Maximum number of bars over time.
BARS: Final = 48
#: Steps of the funnel in their order: the events that arrive there, and the step at which others were lost before it.
_STEPS: Final = (
    ("Received", None),
    ("Passed ingest", "failed-on-ingest"),
    ("Passed source filters", "filtered-at-source"),
    ("Passed destination filters", "filtered-at-destination"),
    ("Delivered", "failed-delivery"),
)
#: Names and styles of the ends that events have over time.
ENDS: Final = {
    "successful-delivery": ("delivered", "good"),
    "filtered-at-source": ("filtered at source", "warn"),
    "filtered-at-destination": ("filtered at destination", "warn"),
    "failed-on-ingest": ("failed on ingest", "bad"),
    "failed-delivery": ("failed delivery", "bad"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the funnel.

    :ivar name: of the stage
    :ivar count: events that came this far; of a destination's stages, deliveries
    :ivar share: of the largest stage, from 0 to 1
    :ivar lost: events lost between the previous stage and this one
    :ivar step: Segment's name of the step at which they were lost; None for the first stage
    :ivar reasons: of the losses, most frequent first: ``discardReason``, ``explanation``, ``total``, ``samples``
    """

    name: str
    count: int
    share: float
    lost: int
    step: str | None
    reasons: list[dict[str, Any]] = field(default_factory=list)


def funnel(overview: Mapping[str, Any]) -> list[Stage]:
    """Return the stages of a period.

    Events are counted up to the source, deliveries from there on: an event has one delivery per destination, so the
    funnel can get wider there. A delivery is counted when it ends: pending ones are in no stage.

    :param overview: answer of ``GET /_mock/sandboxes/{id}/segment/overview``
    """
    steps = {step["step"]: step for step in overview["steps"]}
    totals = {name: step["total"] for name, step in steps.items()}
    accepted = totals["successfully-received"]
    ingested = accepted + totals["filtered-at-source"]
    received = ingested + totals["failed-on-ingest"]
    delivered, failed = totals["successful-delivery"], totals["failed-delivery"]
    counts = (received, ingested, accepted, delivered + failed, delivered)
    largest = max(counts) or 1
    return [
        Stage(
            name,
            count,
            count / largest,
            0 if step is None else totals[step],
            step,
            [] if step is None else list(steps[step]["discards"]),
        )
        for (name, step), count in zip(_STEPS, counts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """The events of a span of time.

    :ivar begins: start of the span, ISO 8601
    :ivar parts: count by step of :data:`ENDS`, in its order; steps without events are left out
    """

    begins: str
    parts: dict[str, int]

    @property
    def total(self) -> int:
        """Return the number of events."""
        return sum(self.parts.values())


def over_time(overview: Mapping[str, Any], now: str, length: timedelta) -> list[Bar]:
    """Return the ends of events over a period, oldest first, in at most :data:`BARS` bars of equal spans.

    :param now: time of the sandbox, ISO 8601; the end of the period
    :param length: of the period
    """
    unit = 60 if length <= timedelta(hours=4) else 3600
    width = unit * ceil(length.total_seconds() / unit / BARS)
    last = int(_seconds(now)) // width
    first = last - ceil(length.total_seconds() / width)
    counts: dict[int, dict[str, int]] = {number: {} for number in range(first, last + 1)}
    for step in overview["steps"]:
        if step["step"] in ENDS:
            for number, count in _counts(step["dataset"], width):
                # The oldest span is only partly inside of the period.
                bar = counts.setdefault(max(number, first), {})
                bar[step["step"]] = bar.get(step["step"], 0) + count
    return [
        Bar(_iso(number * width), {step: parts[step] for step in ENDS if parts.get(step)})
        for number, parts in sorted(counts.items())
    ]


def _counts(dataset: Sequence[Mapping[str, Any]], width: int) -> list[tuple[int, int]]:
    return [(int(_seconds(one["time"])) // width, one["count"]) for part in dataset for one in part["series"]]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
