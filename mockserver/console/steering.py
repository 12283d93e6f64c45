"""What every page lets one do: move the clock, and send an order."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, flash, g, request
from werkzeug.wrappers import Response

from mockserver.console.returning import back

pages = Blueprint("steering", __name__)

#: How far the clock's buttons go, and what they are called.
LEAPS: Final = (("2m", "2 min"), ("1h", "1 hour"), ("1d", "1 day"), ("7d", "7 days"))


@pages.post("/clock")
def move_clock() -> Response:
    """Advance, by a length or to the next thing that is due; freeze, resume, or wait for rest."""
    home = f"/sandboxes/{g.sandbox['id']}"
    doing = request.form.get("do", "")
    if doing in ("freeze", "resume"):
        g.door.control.call("POST", f"{home}/clock/{doing}", {})
        flash("The clock stands still." if doing == "freeze" else "The clock runs.", "done")
        return back()
    if doing == "settle":
        g.door.control.call("POST", f"{home}/settle", {})
        flash("Nothing is due at this moment, and nothing is under way.", "done")
        return back()
    by = _until_next() if doing == "next" else request.form.get("by", "")
    if by is None:
        flash("Nothing is due: the clock stays where it is.", "problem")
        return back()
    moved = g.door.control.call("POST", f"{home}/clock/advance", {"by": by})
    happened = moved["performed"]
    length = "" if doing == "next" else f" by {by}"
    flash(f"The clock went on{length}. {happened} thing{'s' * (happened != 1)} fell due and happened.", "done")
    return back()


def _until_next() -> str | None:
    """How long it is until the next thing is due; None when nothing is."""
    if g.clock["nextDue"] is None:
        return None
    due, now = (datetime.fromisoformat(g.clock[name]) for name in ("nextDue", "now"))
    # To the millisecond, in which the API tells moments; one more, as it leaves the rest of one away.
    return f"PT{max((due - now).total_seconds(), 0) + 0.001:.3f}S"


@pages.post("/order")
def send_order() -> Response:
    """Report an order to Segment with the sandbox's write key, as a shop would."""
    given = {name: request.form.get(name, "").strip() for name in ("order_id", "email", "name", "surname")}
    properties = {name: value for name, value in given.items() if value}
    key = g.sandbox["credentials"]["writeKey"]
    message: dict[str, Any] = {"event": "Order Completed", "properties": properties}
    # Segment wants to know whose it is; a shop without accounts makes one up for each visitor.
    message |= {"userId": given["email"]} if given["email"] else {"anonymousId": f"visitor-{given['order_id']}"}
    basic = base64.b64encode(f"{key}:".encode()).decode()
    status, _ = g.door.call("POST", "/v1/track", message, {"Authorization": f"Basic {basic}"})
    if status == 200:  # noqa: PLR2004 - Segment's one good answer
        flash(f"Segment took in the order {given['order_id'] or 'without a number'}.", "done")
    else:
        flash(f"Segment answered {status}.", "problem")
    return back()
