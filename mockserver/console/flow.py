"""The newest orders, each on its way from the shop to the review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Blueprint, g, render_template, request

from mockserver.client import RefusedError
from mockserver.console import sequence
from mockserver.console.states import INVITATIONS

TITLE: Final = "Flow"
pages = Blueprint("flow", __name__)

#: How many orders are shown, unless more are asked for.
FEW: Final = 25
MANY: Final = 200
#: Of one trace so many exchanges are shown in full.
MOST_EXCHANGES: Final = 500

Row = dict[str, Any]

_SEGMENT_STEPS: Final = ("received", "ingest", "source filters", "destination filters", "delivery")
_TONES: Final = {"passed": "good", "delivered": "good", "awaiting-retry": "warn", "discarded": "bad", "stopped": "bad"}
#: What happens to a thing, and how that looks; the last that happened is shown.
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
    """One line an order."""
    home = f"/sandboxes/{g.sandbox['id']}"
    key = request.args.get("key", "").strip()
    limit = MANY if "all" in request.args else FEW
    found = g.door.control.call("GET", f"{home}/traces", query={"limit": limit, "key": key or None})
    lines = [_line(home, trace) for trace in found["traces"]]
    # Counts at once: an invitation is made a moment after its order was sent.
    suggested = 1001 + g.door.control.call("GET", f"{home}/traces", query={"limit": 1})["total"]
    return render_template("flow.html", lines=lines, total=found["total"], key=key, limit=limit, suggested=suggested)


@pages.get("/<trace_id>")
def trace(trace_id: str) -> str:
    """One order from end to end, as a picture and word for word."""
    home = f"/sandboxes/{g.sandbox['id']}"
    found = g.door.control.call("GET", f"{home}/traces/{trace_id}")
    kept = g.door.control.call("GET", f"{home}/journal", query={"trace": found["id"], "limit": MOST_EXCHANGES})
    operations = {row["operationId"]: row for row in g.door.control.call("GET", "/coverage")["operations"]}
    exchanges = {entry["id"]: entry for entry in kept["journal"]}
    return render_template(
        "trace.html",
        trace=found,
        names=_names(found),
        stages=list(_stages(home, found)),
        lanes=sequence.LANES,
        lines=list(sequence.lines(found, operations, exchanges)),
    )


def _line(home: str, trace: Row) -> Row:
    return {"trace": trace, "names": _names(trace), "stages": list(_stages(home, trace))}


def _names(trace: Row) -> str:
    keys = trace["keys"]
    return ", ".join(keys.get("orderId") or keys.get("messageId") or [trace["id"]])


def _stages(home: str, trace: Row) -> Iterator[Row]:
    """Where the order is on its way, each stage with how it went and a sentence."""
    yield from _segment(home, trace)
    counts = trace["counts"]
    calls = counts["calls"] - counts["events"]
    yield _stage("calls", "good" if calls > 0 else "none", f"{max(calls, 0)} calls to Trustpilot", max(calls, 0))
    for name, life in _LIVES.items():
        last = next((state for state in reversed(trace["states"]) if state in life), None)
        said = f"no {name} yet" if last is None else last.replace("-", " ")
        yield _stage(name, "none" if last is None else life[last], said)


def _segment(home: str, trace: Row) -> Iterator[Row]:
    messages = trace["keys"].get("messageId", [])
    try:
        path = f"{home}/segment/events/{messages[0]}/pipeline" if messages else None
        way = None if path is None else g.door.control.call("GET", path)["ways"][-1]
    except (RefusedError, IndexError):
        way = None  # the ring of events forgot it before the trace did, or it came without Segment
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
