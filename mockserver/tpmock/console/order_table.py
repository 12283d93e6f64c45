"""Orders in words and as a chart, for tables: labels, styles and stages of the states of the control API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tpmock.console.views import Row, counted


class State(NamedTuple):
    """Label and style of a state.

    :ivar always: whether its filter is shown also when no order is in it
    """

    label: str
    tone: str
    always: bool = True


#: States of the operation ``listOrders``, in the order of the filters.
STATES: Final[Mapping[str, State]] = {
    "scheduled": State("Email scheduled", "calm"),
    "invited": State("Invited", "good"),
    "reviewed": State("Reviewed", "good"),
    "not-invited": State("Not invited", "bad"),
    "retrying": State("Retrying", "warn"),
    "bounced": State("Bounced", "bad"),
    "under-way": State("Under way", "calm", always=False),
    "link-created": State("Link created", "good", always=False),
    "deleted": State("Data deleted", "warn", always=False),
    "other": State("Not an order", "", always=False),
}
#: Where an order is in a state; None depends on its calls.
_STAGES: Final[Mapping[str, str | None]] = {
    "scheduled": "Trustpilot",
    "invited": "Buyer",
    "reviewed": "Review",
    "retrying": "Destination",
    "bounced": "Buyer",
    "under-way": "Segment",
    "link-created": "Trustpilot",
    "deleted": "Trustpilot",
    "other": "",
}
#: Styles from the bottom of a bar to its top.
_TONES: Final = ("good", "calm", "warn", "bad", "")
#: Size of the chart, without a unit: it is stretched.
WIDTH, HEIGHT = 600, 40
_GAP: Final = 3


def name(order: Row) -> str:
    """Return what an order is called: its numbers, else its message ids, else its trace."""
    return ", ".join(order["orderIds"] or order["messageIds"] or [order["trace"]])


def label(order: Row) -> str:
    """Return the state in words, with the stars of a review."""
    stars = f", {counted(order['stars'], 'star')}" if order["state"] == "reviewed" and order["stars"] else ""
    attempts = f", {counted(order['deliveries'], 'attempt')}" if order["state"] == "retrying" else ""
    return f"{STATES[order['state']].label}{stars}{attempts}"


def stage(order: Row) -> str:
    """Return where the order is, or where it ended."""
    known = _STAGES.get(order["state"])
    if known is not None:
        return known
    return "Trustpilot" if order["calls"] > 0 else "Destination" if order["deliveries"] else "Segment"


@dataclass(frozen=True, slots=True)
class Part:
    """One colored part of a bar."""

    x: float
    y: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart: its parts and its text."""

    text: str
    parts: Sequence[Part]


def bars(parts: Sequence[Row]) -> list[Bar]:
    """Return the bars of the last hour; none if no order began in it.

    :param parts: ``lastHour`` of the operation ``listOrders``
    """
    most = max((sum(part["counts"].values()) for part in parts), default=0)
    step = WIDTH / len(parts) if parts else 0.0
    return [_bar(part, number * step, most) for number, part in enumerate(parts) if part["counts"]] if most else []


def summary(parts: Sequence[Row]) -> str:
    """Return the chart in words."""
    total = sum((Counter(part["counts"]) for part in parts), Counter[str]())
    return ", ".join(f"{count:,} {STATES[state].label.lower()}" for state, count in total.items())


def _bar(part: Row, x: float, most: int) -> Bar:
    tones = Counter[str]()
    for state, count in part["counts"].items():
        tones[STATES[state].tone] += count
    drawn, y = [], float(HEIGHT)
    for tone in _TONES:
        height = round(tones[tone] * HEIGHT / most, 2)
        if height:
            y = round(y - height, 2)
            drawn.append(Part(round(x, 2), y, height, tone))
    return Bar(f"{part['from'][11:16]}: {summary([part])}", drawn)


def bar_width(parts: Sequence[Row]) -> float:
    """Return the width of a bar, the gap left out."""
    return round(WIDTH / max(1, len(parts)) - _GAP, 2)
