"""Orders: one, one that Trustpilot fails for, and all of yesterday's once more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mockserver.console.shown import moment
from mockserver.demo.stage import DESTINATION, Cells, Outcome, Row, Stage, Table, called

#: Numbers of the orders within the story.
FIRST: Final = 1
RETRIED: Final = 2
#: Longer than Segment tries.
RETRIES_LAST: Final = "5h"


def judge(stage: Stage, outcome: Outcome, *orders: str) -> None:
    """Note whether each order has one invitation, no more and no less."""
    for order in orders:
        found = [row for row in stage.invitations(order) if row["type"] == "service"]
        many = f"{len(found)} invitation{'s' * (len(found) != 1)}"
        outcome.see(f"Order {order}: {many}.", good=len(found) == 1)


def play_order(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """One order, one invitation, and what became of each field."""
    begun = stage.newest()
    order = stage.order(FIRST)
    stage.kept["order"] = order
    outcome = Outcome(orders=[order], exchanges=stage.exchanges(begun))
    judge(stage, outcome, order)
    way = stage.bench("GET", f"/segment/events/demo-{order}/pipeline")
    steps = [(step["step"], step["state"], step["reason"] or "") for step in way["ways"][-1]["steps"]]
    outcome.tables.append(Table("The five steps at Segment", ("Step", "What happened", "Reason"), steps))
    sent = called(outcome.exchanges, "createEmailInvitations")
    delivered = called(outcome.exchanges, "deliver")
    if sent and delivered:
        outcome.tables.append(_mapping(delivered[-1]["request"]["body"], sent[-1]["request"]["body"]))
    outcome.see(f"Calls to Trustpilot for an invitation: {len(sent)}.", good=len(sent) == 1)
    partner = any(stage.known["partnerId"] in str(entry["request"]["headers"]) for entry in sent)
    outcome.see("The partner's id is in a header of the call.", good=partner)
    return outcome


def _mapping(event: Any, invitation: Any) -> Table:
    """Which value of the event is found again in the invitation."""
    rows = [
        (place, _short(value), " + ".join(_places(event, str(value))) or "the connection's settings")
        for place, value in _leaves(invitation, "")
    ]
    return Table("Where each field of the invitation comes from", ("Invitation", "Value", "Event"), rows)


def _leaves(value: Any, place: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, part in value.items() for leaf in _leaves(part, f"{place}.{name}".strip("."))]
    if isinstance(value, list):
        return [leaf for number, part in enumerate(value) for leaf in _leaves(part, f"{place}.{number}")]
    return [(place, value)]


def _places(event: Any, sought: str) -> list[str]:
    """Where a value stands in an event: whole, or put together of several."""
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


def play_retries(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """Trustpilot fails three times, Segment comes back each time."""
    begun = stage.newest()
    stage.bench("POST", "/faults", {"fault": "email-invitations 500 x3"})
    order = stage.order(RETRIED)
    stage.kept["retried"] = order
    stage.advance(RETRIES_LAST)
    outcome = Outcome(orders=[order], exchanges=stage.exchanges(begun))
    outcome.tables.append(attempts(stage.deliveries(order)))
    judge(stage, outcome, order)
    delivered = called(outcome.exchanges, "deliver")
    outcome.see(f"Segment delivered the event {len(delivered)} times.", good=len(delivered) == 4)  # noqa: PLR2004 - and once well
    return outcome


def attempts(deliveries: list[Row]) -> Table:
    """Each attempt of Segment's with what the destination said."""
    rows = [
        (
            moment(one["at"]),
            str(one["status"] or one["error"]),
            one["message"] or "",
            "replay" if delivery["replay"] else "",
        )
        for delivery in deliveries
        for one in delivery["attempts"]
    ]
    return Table("What Segment was told, attempt by attempt", ("At", "Status", "Message", ""), rows)


def play_replay(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """The same events again, and the same orders in new events."""
    orders = [stage.kept["order"], stage.kept["retried"]]
    stage.advance("1d")
    begun = stage.newest()
    messages = [f"demo-{order}" for order in orders]
    replayed = stage.bench("POST", f"/segment/destinations/{DESTINATION}/replay", {"messageIds": messages})["replayed"]
    stage.rest()
    for order in orders:
        stage.report(order, f"again-{order}")
    stage.rest()
    outcome = Outcome(orders=orders, exchanges=stage.exchanges(begun))
    outcome.see(
        f"{replayed} events were replayed, and {len(orders)} orders reported again.", good=replayed == len(orders)
    )
    rows = [attempts(stage.deliveries(order)).rows for order in orders]
    again = [row for one in rows for row in one if row[3] == "replay"]
    for order in orders:
        again += [(*row[:3], "new event") for row in _reported_again(stage, order)]
    outcome.tables.append(Table("Why no mail was sent", ("At", "Status", "Message", ""), again))
    judge(stage, outcome, *orders)
    asked = called(outcome.exchanges, "createEmailInvitations")
    outcome.see(f"Calls to Trustpilot for all of this: {len(asked)}.", good=not asked)
    return outcome


def _reported_again(stage: Stage, order: str) -> Sequence[Cells]:
    found = stage.bench("GET", "/segment/deliveries", messageId=f"again-{order}")["deliveries"]
    return attempts(found).rows
