"""Orders: a normal one, one with failures at Trustpilot, and a replay of yesterday's."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from tpmock.cli.demo.artefacts import Cells, Fields, Grid, SceneResult
from tpmock.cli.demo.context import DESTINATION, DemoContext, Row, called
from tpmock.cli.demo.scenes.pieces import (
    ATTEMPT,
    attempt_rows,
    attempts,
    check_invited_once,
    funnel,
    leaves,
    mail,
)
from tpmock.console.filters import duration, moment
from tpmock.console.views import counted

#: Numbers of the orders within the demo.
FIRST: Final = 1
RETRIED: Final = 2
#: Longer than Segment retries.
RETRIES_LAST: Final = "5h"
_MAPPING: Final = ("Invitation", "Value", "Comes from")
#: Maximum length of a value in a table.
_FITS: Final = 44


def play_order(context: DemoContext) -> SceneResult:
    """Send one order, and show its invitation and the source of each field."""
    result = context.begin()
    order = context.order(FIRST)
    result.orders, result.exchanges = [order], context.exchanges()
    event = {"event": "Order Completed", "order_id": order, "email": context.address, "name": "Grace Lind"}
    result.slide("", Fields("The shop's event", list(event.items())), flows=True)
    if called(result.exchanges, "deliver"):
        result.show(funnel(context, "At Segment"))
    invited = context.invitations(order)
    if invited:
        context.kept["order"] = order
        result.show(mail(_due(invited[0]), context.mail(invited[0])))
    check_invited_once(context, result, order)
    sent = called(result.exchanges, "createEmailInvitations")
    # A session that begins again has moved the clock: the program may learn from an answer that its token has expired.
    expired = [entry for entry in sent if entry["status"] == HTTPStatus.UNAUTHORIZED]
    also = f", and {counted(len(expired), 'call')} refused with 401, before a new access token" if expired else ""
    asked = len(sent) - len(expired)
    result.note(f"Calls to Trustpilot for an invitation: {asked}{also}.", ok=asked == 1, source=_budget(context))
    if "partner" in context.claims:
        partner = any(context.known["partnerId"] in str(entry["request"]["headers"]) for entry in sent)
        result.note("The partner's id is in a header of the call.", ok=partner, source="seen in the request")
    if sent:
        _show_mapping(result, _reported(result.exchanges, event), sent[-1]["request"]["body"])
    return result


def _due(invitation: Mapping[str, Any]) -> str:
    return f"In the buyer's inbox at {moment(invitation['sendAt'])}"


def _budget(context: DemoContext) -> str:
    used = context.control_api("GET", "/usage")["usage"]
    window = next((one["windows"][0] for one in used), None)
    if window is None:
        return ""
    share = window["calls"] / window["ceiling"]
    return f"{share:.1%} of the {window['ceiling']:,} recommended in {duration(window['seconds'])}"


def _reported(exchanges: list[Row], event: Row) -> Any:
    """Return the event as the integration received it."""
    delivered = called(exchanges, "deliver") or called(exchanges, "track")
    return delivered[-1]["request"]["body"] if delivered else event


def _show_mapping(result: SceneResult, event: Any, invitation: Any) -> None:
    """Show which value of the event each field of the invitation holds."""
    rows: list[Cells] = [
        (place, _short(value), " + ".join(_places(event, str(value))) or "the connection's settings")
        for place, value in leaves(invitation)
    ]
    result.slide("Where each field of the invitation comes from", Grid("", _MAPPING, rows))
    result.table("Where each field of the invitation comes from", _MAPPING, rows)


def _places(event: Any, sought: str) -> list[str]:
    """Return where an event holds a value, whole or combined from several fields."""
    held = [(place, str(value)) for place, value in leaves(event) if value not in (None, "")]
    whole = [place for place, value in held if value == sought]
    if whole:
        return whole[:1]
    words = sought.split(" ")
    found = [next((place for place, value in held if value == word), "") for word in words]
    return found if len(words) > 1 and all(found) else []


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _FITS else f"{text[: _FITS - 1]}…"


def play_retries(context: DemoContext) -> SceneResult:
    """Let Trustpilot fail three times, with a retry of Segment each time."""
    if context.control_api("GET", "/segment/deliveries", state="awaiting-retry")["total"]:
        # The program had ended in an earlier scene: its event must not use up the failures of this one.
        context.advance(RETRIES_LAST)
    result = context.begin()
    context.control_api("POST", "/faults", {"fault": "email-invitations 500 x3"})
    order = context.order(RETRIED)
    context.kept["retried"] = order
    context.advance(RETRIES_LAST)
    result.orders, result.exchanges = [order], context.exchanges()
    result.slide("Three failures, one email")
    made = show_attempts(result, context.deliveries(f"demo-{order}"))
    check_invited_once(context, result, order)
    result.note(f"Segment delivered the event {len(made)} times.", ok=len(made) == 4)  # noqa: PLR2004 - and once well
    return result


def show_attempts(result: SceneResult, deliveries: list[Row]) -> list[tuple[str, str, str, str]]:
    """Show each attempt of Segment with the integration's answer; return the rows."""
    rows = attempt_rows(deliveries)
    result.show(attempts("What the integration answered to Segment, by attempt", rows))
    result.table("Answers to Segment, by attempt", ATTEMPT, rows)
    return rows


def play_replay(context: DemoContext) -> SceneResult:
    """Replay the same events, and report the same orders in new events."""
    orders = [context.made("order"), context.made("retried")]
    context.advance("1d")
    result = context.begin()
    messages = [f"demo-{order}" for order in orders]
    replay = context.control_api("POST", f"/segment/destinations/{DESTINATION}/replay", {"messageIds": messages})
    context.rest()
    for order in orders:
        context.report(order, f"again-{order}")
    context.rest()
    result.orders, result.exchanges = orders, context.exchanges()
    again = [row for order in orders for row in attempt_rows(context.deliveries(f"demo-{order}")) if row[3]]
    for order in orders:
        again += attempt_rows(context.deliveries(f"again-{order}"), "new message id")
    result.slide("Sent again, and no email goes out twice", attempts("The reason, beside each event", again))
    replayed = replay["replayed"]
    result.note(
        f"{replayed} events were replayed, and {counted(len(orders), 'order')} reported again.",
        ok=replayed == len(orders),
    )
    check_invited_once(context, result, *orders)
    asked = called(result.exchanges, "createEmailInvitations")
    result.note(f"New calls to Trustpilot for an invitation: {len(asked)}.", ok=not asked)
    result.table("Why no email was sent", ATTEMPT, again)
    return result
