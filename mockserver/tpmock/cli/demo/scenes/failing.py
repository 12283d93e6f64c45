"""The audience selects a fault."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Final

from tpmock.cli.demo.artefacts import Counts, SceneResult, Tone
from tpmock.cli.demo.context import WORDS, DemoContext, called
from tpmock.cli.demo.scenes.ordering import RETRIES_LAST, show_attempts
from tpmock.cli.demo.scenes.pieces import check_invited_once

#: Not a fault, but a clock advance longer than the lifetime of an access token.
EXPIRED: Final = "expired"
_TOKEN_LIFE: Final = "101h"  # noqa: S105 - a time
#: Selectable faults: the syntax of ``tpmock fault``, and a label.
CHOICES: Final = tuple(WORDS["faults"].items())
#: First order number of this scene; each run takes the next.
_FIRST: Final = 10
#: More requests than this for one order would be a retry storm.
_STORM: Final = 8


def play(context: DemoContext) -> SceneResult:
    """Add the fault, send an order, and let Segment finish its retries."""
    result = context.begin()
    number = int(context.kept.get("failed", _FIRST - 1)) + 1
    context.kept["failed"] = number
    choice = context.choice
    label = dict(CHOICES).get(choice, choice)
    result.slide(f"Fault: {label}")
    if choice == EXPIRED:
        context.advance(_TOKEN_LIFE)
    else:
        context.control_api("POST", "/faults", {"fault": choice})
    order = context.order(number)
    context.advance(RETRIES_LAST)
    left = context.control_api("GET", "/faults")["faults"]
    result.orders, result.exchanges = [order], context.exchanges()
    last = show_attempts(result, context.deliveries(f"demo-{order}"))[-1]
    calls = Counter(str(entry["operation"]) for entry in result.exchanges if entry["direction"] == "in")
    del calls["track"]
    counts: list[tuple[int, str, Tone]] = [(count, name, "calm") for name, count in calls.items()]
    result.show(Counts("Calls to Trustpilot meanwhile", counts))
    if last[1] == str(HTTPStatus.ACCEPTED.value):
        # A lost response leaves open whether an invitation exists: a person decides, and no buyer is invited twice.
        invited = len(context.invitations(order))
        result.note(f"Order {order} waits for a person's decision ({invited} invited): {last[2]}", ok=invited <= 1)
    else:
        check_invited_once(context, result, order)
    total = calls.total()
    result.note(f"{total} calls in total: no retry storm.", ok=total <= _STORM)
    tokens = called(result.exchanges, "createAccessToken") + called(result.exchanges, "refreshAccessToken")
    result.note(f"New tokens: {len(tokens)}.", ok=len(tokens) <= 1)
    result.note("The fault was applied, and has ended." if not left else "The fault is still active.", ok=not left)
    result.table("Calls to Trustpilot meanwhile", ("Operation", "Calls"), calls.items())
    return result
