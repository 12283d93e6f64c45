"""The delivery overview: the funnel with each loss and its reasons, and over time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import g, render_template, request, url_for
from tpmock.console.segment import funnel
from tpmock.console.segment.blueprint import PERIODS, destinations, pages, period, segment
from tpmock.console.views import Row
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

_LENGTHS: Final = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
}
#: Height of the picture over time, and width of a bar with its gap, in units of the picture.
HEIGHT: Final = 100
WIDTH: Final = 20


@pages.get("/")
def index() -> str | Response:
    """Show the delivery overview."""
    if "search" in request.args:
        # The former page of all parts searched the debugger with this parameter.
        return redirect(url_for("segment.debugger", search=request.args["search"]))
    wanted = request.args.get("destination") or None
    found = segment("GET", "/overview", period=period(), destination=wanted)
    bars = funnel.over_time(found, g.clock["now"], _LENGTHS.get(period(), _LENGTHS["24h"]))
    return render_template(
        "segment-overview.html",
        stages=funnel.funnel(found),
        since=found["since"],
        retries=sum(part["totalRetryCount"] for step in found["steps"] for part in step["dataset"]),
        bars=drawn(bars),
        ends=funnel.ENDS,
        sums={step: sum(bar.parts.get(step, 0) for bar in bars) for step in funnel.ENDS},
        highest=max(bar.total for bar in bars),
        destinations=destinations(),
        destination=wanted,
        periods=PERIODS,
        period=found["period"],
        height=HEIGHT,
        width=WIDTH,
    )


def drawn(bars: list[funnel.Bar]) -> list[Row]:
    """Return bars with the place of each part in a picture of :data:`HEIGHT` units."""
    scale = HEIGHT / (max((bar.total for bar in bars), default=0) or 1)
    rows = []
    for number, bar in enumerate(bars):
        parts, bottom = [], float(HEIGHT)
        for step, count in bar.parts.items():
            high = count * scale
            bottom -= high
            parts.append({"step": step, "count": count, "y": round(bottom, 2), "height": round(high, 2)})
        rows.append({"x": number * WIDTH, "begins": bar.begins, "total": bar.total, "parts": parts})
    return rows
