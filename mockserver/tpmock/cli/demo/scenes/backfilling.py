"""A backfill of many old orders against the recommended rates of calls, on the sandbox's clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from tpmock.cli.demo.artefacts import Bars, Counts, SceneResult, Tone
from tpmock.cli.demo.context import DemoContext
from tpmock.console.filters import duration
from tpmock.core.rate_meter import CEILINGS
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.subjects import RunningSubject

#: The recommended maximum of calls, and within how many seconds.
_CEILING, _SECONDS = CEILINGS[0]
#: Events per request to Segment.
_BATCH: Final = 100
#: Share of the recommended maximum that the shop uses; the rest is for today's orders.
_SHARE: Final = 0.9
#: Seed of the sandbox of its own.
_SEED: Final = 7


def play(context: DemoContext) -> SceneResult:
    """Report old orders in portions, one for each window of the recommended rate, and count the calls of each."""
    result = SceneResult()
    with _own_copy(context) as (sandbox, running):
        values = []
        for numbers in batched(range(context.backfill), int(_CEILING * _SHARE)):
            _report(running, numbers)
            values.append(_calls(sandbox))
            context.tell(f"{numbers[-1] + 1:,} of {context.backfill:,} orders")
            sandbox.advance(f"{_SECONDS}s")
            sandbox.settle()
        _judge(result, context, sandbox, values)
    return result


@contextmanager
def _own_copy(context: DemoContext) -> Iterator[tuple[SandboxClient, RunningSubject]]:
    """Start a copy of the integration in its own sandbox: so many orders would push the others out of the lists."""
    sandbox = SandboxClient.create(context.control, _SEED)
    try:
        running = context.programs.start(sandbox)
        try:
            yield sandbox, running
        finally:
            running.stop()
    finally:
        sandbox.delete()


def _calls(sandbox: SandboxClient) -> int:
    """Return the calls of the key that called most in the newest window."""
    used = sandbox.control("GET", "/usage")["usage"]
    return max((int(row["windows"][0]["calls"]) for row in used), default=0)


def _report(running: RunningSubject, numbers: Sequence[int]) -> None:
    sandbox = running.sandbox
    assert sandbox is not None  # noqa: S101 - every subject of a contract has one
    for some in batched(numbers, _BATCH):
        sandbox.track([_event(number) for number in some])
    sandbox.settle()


def _event(number: int) -> dict[str, Any]:
    properties = {"order_id": f"old-{number:05d}", "email": f"buyer-{number:05d}@example.com", "name": "Ada"}
    message = {"messageId": f"backfill-{number:05d}", "userId": f"buyer-{number:05d}"}
    return {"type": "track", "event": "Order Completed", **message, "properties": properties}


def _judge(result: SceneResult, context: DemoContext, sandbox: SandboxClient, values: list[int]) -> None:
    unit, calls, peak = duration(_SECONDS), sum(values), max(values, default=0)
    invited = int(sandbox.control("GET", "/invitations", limit=1)["total"])
    counts: list[tuple[int, str, Tone]] = [
        (context.backfill, "old orders", "calm"),
        (invited, "invitations", "calm"),
        (calls, "calls", "calm"),
    ]
    result.slide(
        f"{context.backfill:,} old orders, within the recommended rates",
        Bars(f"Calls in each {unit}; the line is the recommended maximum", values, _CEILING, unit),
        Counts("In total", counts),
    )
    result.note(f"At most {peak:,} calls in {unit}; recommended are {_CEILING:,}.", ok=peak <= _CEILING)
    result.note(f"{invited:,} of {context.backfill:,} orders were invited.", ok=invited == context.backfill)
    result.note(f"It took {duration(len(values) * _SECONDS)} on the sandbox's clock.")
    result.table("Calls by window", ("Window", "Calls"), enumerate(values, 1))


def batched(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield the numbers in portions of at most ``size``."""
    for begin in range(0, len(numbers), size):
        yield numbers[begin : begin + size]
