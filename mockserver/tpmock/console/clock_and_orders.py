"""Actions that every page offers: advance the clock, and send an order."""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, g, request
from tpmock.console.views import control, counted, done, filled, form, problem
from werkzeug.wrappers import Response

pages = Blueprint("clock_and_orders", __name__)

#: Lengths and labels of the clock's buttons.
LEAPS: Final = (("2m", "2 min"), ("1h", "1 hour"), ("1d", "1 day"), ("7d", "7 days"))
#: Other actions of the clock: path, and message afterwards.
_ACTIONS: Final = {
    "freeze": ("/clock/freeze", "The clock is frozen."),
    "resume": ("/clock/resume", "The clock is running."),
    "settle": ("/settle", "Nothing is due, and nothing is in progress."),
}


@pages.post("/clock")
def move_clock() -> Response:
    """Advance by a length or to the next due entry; freeze, resume or settle."""
    action = request.form.get("do", "")
    if action in _ACTIONS:
        path, sentence = _ACTIONS[action]
        control("POST", path, {})
        return done(sentence)
    by = _until_next() if action == "next" else request.form.get("by", "")
    if by is None:
        return problem("Nothing is due: the clock was not advanced.")
    performed = control("POST", "/clock/advance", {"by": by})["performed"]
    length = "" if action == "next" else f" by {by}"
    return done(f"The clock was advanced{length}. {counted(performed, 'timeline entry')} ran.")


def _until_next() -> str | None:
    """Return the time until the next due entry; None: there is none."""
    if g.clock["nextDue"] is None:
        return None
    due, now = (datetime.fromisoformat(g.clock[name]) for name in ("nextDue", "now"))
    # The API truncates times to milliseconds, so add one.
    return f"PT{max((due - now).total_seconds(), 0) + 0.001:.3f}S"


@pages.post("/order")
def send_order() -> Response:
    """Report an order to Segment with the sandbox's write key, as a shop does."""
    given = form("order_id", "email", "name", "surname")
    message: dict[str, Any] = {"event": "Order Completed", "properties": filled(given)}
    # Segment requires a user; a shop without accounts generates an id per visitor.
    message |= {"userId": given["email"]} if given["email"] else {"anonymousId": f"visitor-{given['order_id']}"}
    basic = base64.b64encode(f"{g.sandbox['credentials']['writeKey']}:".encode()).decode()
    status = g.client.call("POST", "/v1/track", message, {"Authorization": f"Basic {basic}"})
    if status != HTTPStatus.OK:
        return problem(f"Segment answered {status}.")
    return done(f"Segment accepted the order {given['order_id'] or 'without a number'}.")
