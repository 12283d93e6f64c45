"""Page "Orders": the newest orders, from the shop to the review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, g, render_template
from tpmock.common.control_client import RefusedError
from tpmock.console import sequence
from tpmock.console.states import INVITATIONS
from tpmock.console.views import Row, control, row_limit, search

TITLE: Final = "Orders"
pages = Blueprint("orders", __name__)

#: Default number of orders shown.
FEW: Final = 25
MANY: Final = 200
#: Maximum number of exchanges shown in full per trace.
MOST_EXCHANGES: Final = 500

_SEGMENT_STEPS: Final = ("received", "ingest", "source filters", "destination filters", "delivery")
_TONES: Final = {"passed": "good", "delivered": "good", "awaiting-retry": "warn", "discarded": "bad", "stopped": "bad"}
#: Steps of a stage and their styles; the last one is shown.
_LIVES: Final = {
    "invitation": {
        **{f"invitation-{state}": tone for state, tone in INVITATIONS.items()},
        "invitation-deleted": "warn",
        "link-made": "calm",
    },
    "review": {"review-written": "good", "review-revised": "good", "review-deleted": "warn"},
    "webhook": {
        "webhook-due": "calm",
        "webhook-awaiting-retry": "warn",
        "webhook-delivered": "good",
        "webhook-failed": "bad",
    },
}


@pages.get("/")
def index() -> str:
    """Show one line per order."""
    key = search("key")["key"]
    found = control("GET", "/traces", limit=row_limit(FEW, MANY), key=key or None)
    lines = [{"trace": trace, "names": _names(trace), "stages": list(_stages(trace))} for trace in found["traces"]]
    # No cache: an invitation appears shortly after its order was sent.
    suggested = 1001 + control("GET", "/traces", limit=1)["total"]
    return render_template("orders.html", lines=lines, total=found["total"], key=key, suggested=suggested)


@pages.get("/<trace_id>")
def order(trace_id: str) -> str:
    """Show one order from end to end, as a diagram and in full."""
    found = control("GET", f"/traces/{trace_id}")
    kept = control("GET", "/journal", trace=found["id"], limit=MOST_EXCHANGES)
    operations = {row["operationId"]: row for row in g.client.control.call("GET", "/coverage")["operations"]}
    exchanges = {entry["id"]: entry for entry in kept["journal"]}
    return render_template(
        "order.html",
        trace=found,
        names=_names(found),
        stages=list(_stages(found)),
        lanes=sequence.LANES,
        lines=list(sequence.arrows(found, operations, exchanges)),
    )


def _names(trace: Row) -> str:
    keys = trace["keys"]
    return ", ".join(keys.get("orderId") or keys.get("messageId") or [trace["id"]])


def _stages(trace: Row) -> Iterator[Row]:
    """Return the stages of the order, each with its style and text."""
    yield from _segment(trace)
    counts = trace["counts"]
    calls = counts["calls"] - counts["events"]
    yield _stage("calls", "good" if calls > 0 else "none", f"{max(calls, 0)} calls to Trustpilot", max(calls, 0))
    for name, life in _LIVES.items():
        last = next((state for state in reversed(trace["states"]) if state in life), None)
        said = f"no {name} yet" if last is None else last.replace("-", " ")
        yield _stage(name, "none" if last is None else life[last], said)


def _segment(trace: Row) -> Iterator[Row]:
    messages = trace["keys"].get("messageId", [])
    try:
        way = control("GET", f"/segment/events/{messages[0]}/pipeline")["ways"][-1]
    except (RefusedError, IndexError):
        way = None  # the event was dropped before the trace, or the order did not come through Segment
    steps = {step["step"]: step for step in way["steps"]} if way else {}
    for name in _SEGMENT_STEPS:
        step = steps.get(name)
        if step is None:
            yield _stage(name, "none", f"{name}: not reached" if steps else "did not come through Segment")
        else:
            why = f" ({step['reason']}). {step['explanation'] or ''}" if step["reason"] else ""
            yield _stage(name, _TONES.get(step["state"], "calm"), f"{name}: {step['state']}{why}")


def _stage(name: str, tone: str, text: str, count: int | None = None) -> Row:
    return {"name": name, "tone": tone, "text": text, "count": count}
