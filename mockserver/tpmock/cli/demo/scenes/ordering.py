"""Orders: a normal one, one with failures at Trustpilot, and a replay of yesterday's."""

from __future__ import annotations

from typing import Any, Final

from tpmock.cli.demo.context import DESTINATION, Cells, DemoContext, Row, SceneResult, called
from tpmock.console.filters import moment
from tpmock.console.views import counted

#: Numbers of the orders within the demo.
FIRST: Final = 1
RETRIED: Final = 2
#: Longer than Segment retries.
RETRIES_LAST: Final = "5h"
_ATTEMPT: Final = ("At", "Status", "Message", "")


def check_invited_once(context: DemoContext, result: SceneResult, *orders: str) -> None:
    """Check that each order has exactly one invitation."""
    for order in orders:
        found = [row for row in context.invitations(order) if row["type"] == "service"]
        result.note(f"Order {order}: {counted(len(found), 'invitation')}.", ok=len(found) == 1)


def play_order(context: DemoContext) -> SceneResult:
    """Send one order, and show its invitation and the source of each field."""
    result = context.begin()
    order = context.order(FIRST)
    context.kept["order"] = order
    result.orders, result.exchanges = [order], context.exchanges()
    check_invited_once(context, result, order)
    way = context.control_api("GET", f"/segment/events/demo-{order}/pipeline")
    steps = [(step["step"], step["state"], step["reason"] or "") for step in way["ways"][-1]["steps"]]
    result.table("The five steps at Segment", ("Step", "What happened", "Reason"), steps)
    sent = called(result.exchanges, "createEmailInvitations")
    delivered = called(result.exchanges, "deliver")
    if sent and delivered:
        _show_mapping(result, delivered[-1]["request"]["body"], sent[-1]["request"]["body"])
    result.note(f"Calls to Trustpilot for an invitation: {len(sent)}.", ok=len(sent) == 1)
    partner = any(context.known["partnerId"] in str(entry["request"]["headers"]) for entry in sent)
    result.note("The partner's id is in a header of the call.", ok=partner)
    return result


def _show_mapping(result: SceneResult, event: Any, invitation: Any) -> None:
    """Show which value of the event each field of the invitation holds."""
    rows = [
        (place, _short(value), " + ".join(_places(event, str(value))) or "the connection's settings")
        for place, value in _leaves(invitation, "")
    ]
    result.table("Where each field of the invitation comes from", ("Invitation", "Value", "Event"), rows)


def _leaves(value: Any, place: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, part in value.items() for leaf in _leaves(part, f"{place}.{name}".strip("."))]
    if isinstance(value, list):
        return [leaf for number, part in enumerate(value) for leaf in _leaves(part, f"{place}.{number}")]
    return [(place, value)]


def _places(event: Any, sought: str) -> list[str]:
    """Return where an event holds a value, whole or combined from several fields."""
    leaves = [(place, str(value)) for place, value in _leaves(event, "") if value not in (None, "")]
    whole = [place for place, value in leaves if value == sought]
    if whole:
        return whole[:1]
    words = sought.split(" ")
    found = [next((place for place, value in leaves if value == word), "") for word in words]
    return found if len(words) > 1 and all(found) else []


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits in a cell


def play_retries(context: DemoContext) -> SceneResult:
    """Let Trustpilot fail three times, with a retry of Segment each time."""
    result = context.begin()
    context.control_api("POST", "/faults", {"fault": "email-invitations 500 x3"})
    order = context.order(RETRIED)
    context.kept["retried"] = order
    context.advance(RETRIES_LAST)
    result.orders, result.exchanges = [order], context.exchanges()
    show_attempts(result, context.deliveries(order))
    check_invited_once(context, result, order)
    delivered = called(result.exchanges, "deliver")
    result.note(f"Segment delivered the event {len(delivered)} times.", ok=len(delivered) == 4)  # noqa: PLR2004 - and once well
    return result


def show_attempts(result: SceneResult, deliveries: list[Row]) -> list[Cells]:
    """Show each attempt of Segment with the destination's answer; return the rows."""
    rows = _attempts(deliveries)
    result.table("Answers to Segment, by attempt", _ATTEMPT, rows)
    return rows


def _attempts(deliveries: list[Row]) -> list[Cells]:
    return [
        (moment(one["at"]), str(one["status"] or one["error"]), one["message"] or "", "replay" * delivery["replay"])
        for delivery in deliveries
        for one in delivery["attempts"]
    ]


def play_replay(context: DemoContext) -> SceneResult:
    """Replay the same events, and report the same orders in new events."""
    orders = [context.kept["order"], context.kept["retried"]]
    context.advance("1d")
    result = context.begin()
    messages = [f"demo-{order}" for order in orders]
    replay = context.control_api("POST", f"/segment/destinations/{DESTINATION}/replay", {"messageIds": messages})
    context.rest()
    for order in orders:
        context.report(order, f"again-{order}")
    context.rest()
    result.orders, result.exchanges = orders, context.exchanges()
    replayed = replay["replayed"]
    result.note(
        f"{replayed} events were replayed, and {len(orders)} orders reported again.", ok=replayed == len(orders)
    )
    again = [row for order in orders for row in _attempts(context.deliveries(order)) if row[3] == "replay"]
    for order in orders:
        reported = context.control_api("GET", "/segment/deliveries", messageId=f"again-{order}")["deliveries"]
        again += [(*row[:3], "new event") for row in _attempts(reported)]
    result.table("Why no email was sent", _ATTEMPT, again)
    check_invited_once(context, result, *orders)
    asked = called(result.exchanges, "createEmailInvitations")
    result.note(f"Requests to Trustpilot in total: {len(asked)}.", ok=not asked)
    return result
