"""The traces of a sandbox: one order from end to end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tpmock.common.moments import iso_milliseconds
from tpmock.control import trace_story
from tpmock.control.refusals import refusal
from tpmock.core.responses import Bindings
from tpmock.journal.masking import Masks
from tpmock.journal.traces import Step, Trace, kinds
from tpmock.sandbox.sandbox import Sandbox

bindings = Bindings()

Row = dict[str, Any]

#: The counters of a trace, and the steps that count.
_COUNTED = {
    "events": ("event-received", "event-dropped"),
    "invitations": ("invitation-queued",),
    "reviews": ("review-written",),
    "webhooks": ("webhook-due",),
}


@bindings.handles("listTraces")
def list_traces(sandbox: Sandbox, key: str | None, state: str | None, limit: int) -> Row:
    """List traces, newest first."""
    with sandbox.lock:
        found = [
            trace
            for trace in sandbox.traces.newest()
            if (key is None or any(one.partition(":")[2] == key for one in trace.keys))
            and (state is None or any(step.what == state for step in trace.steps))
        ]
        rows = [_summary(trace) for trace in found[:limit]]
        return dict(_masked(sandbox.journal.masks, {"traces": rows, "total": len(found)}))


@bindings.handles("getTrace")
def get_trace(sandbox: Sandbox, trace_id: str) -> Row:
    """Return a trace by its own id, a message id or an order number."""
    with sandbox.lock:
        trace = _known(sandbox, trace_id)
        oldest = sandbox.journal.oldest
        steps = [_step(step, oldest) for step in trace.in_order()]
        shown = _summary(trace) | {"steps": steps, "dropped": trace.dropped}
        return dict(_masked(sandbox.journal.masks, shown))


def _masked(masks: Masks, value: Any) -> Any:
    """Mask secrets in a trace: an order number can be a key, and a message of the destination can quote one."""
    if isinstance(value, dict):
        return {name: _masked(masks, part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked(masks, part) for part in value]
    return masks.text(value) if isinstance(value, str) else value


def _known(sandbox: Sandbox, name: str) -> Trace:
    traces = sandbox.traces
    for found in (name, traces.find(f"messageId:{name}"), traces.find(f"orderId:{name}")):
        trace = traces.get(found) if found else None
        if trace is not None:
            return trace
    sentence = f"No trace has the id, message id or order number {name!r}; GET .../traces lists those that are kept."
    raise refusal("unknown-thing", sentence)


def _summary(trace: Trace) -> Row:
    steps = trace.in_order()
    counts = Counter(step.what for step in steps)
    return {
        "id": trace.id,
        "began": iso_milliseconds(trace.began),
        "cause": trace_story.sentence(steps[0]) if steps else None,
        "keys": kinds(trace.keys),
        "states": list(dict.fromkeys(step.what for step in steps if step.what not in trace_story.EXCHANGES)),
        "counts": {
            "calls": counts["call"],
            "deliveries": sum(step.what == "post" and step.facts[0] == "deliver" for step in steps),
            **{name: sum(counts[what] for what in whats) for name, whats in _COUNTED.items()},
        },
        "outcome": trace_story.outcome(trace),
    }


def _step(step: Step, oldest: int) -> Row:
    return {
        "number": step.number,
        "at": iso_milliseconds(step.at),
        "what": step.what,
        "join": step.join,
        "entry": step.entry,
        "kept": None if step.entry is None else step.entry >= oldest,
        "text": trace_story.sentence(step),
        "facts": trace_story.facts(step),
    }
