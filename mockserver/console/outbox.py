"""The mails that ask for reviews: which wait, which left, what stands in them, and what became of them."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any, Final

from flask import Blueprint, abort, flash, g, render_template, request
from werkzeug.wrappers import Response

from mockserver.console.paging import paging
from mockserver.console.returning import back
from mockserver.console.states import INVITATIONS

TITLE: Final = "Outbox"
pages = Blueprint("outbox", __name__)

#: What is on the timeline for a mail that has not left.
_LEAVING: Final = "deliver-invitation"

Row = dict[str, Any]


@pages.get("/")
def index() -> str:
    """A line for each mail, the newest first."""
    state = request.args.get("state")
    sought = request.args.get("key", "").strip()
    wanted = {"state": state, ("consumerEmail" if "@" in sought else "referenceNumber"): sought or None}
    here = paging()
    found = _call("/invitations", **wanted, **here.query)
    counts = _call("/invitations", limit=1, countBy="state")["counts"]
    return render_template(
        "outbox.html",
        mails=reversed(found["invitations"]),
        paging=here.of(found["total"]),
        states=INVITATIONS,
        counts=counts,
        state=state,
        key=sought,
        leaves=_next_leaves(),
    )


@pages.get("/<mail_id>")
def mail(mail_id: str) -> str:
    """One mail as its recipient would see it, and the reviews that were written under its link."""
    found = _call("/invitations", id=mail_id)["invitations"]
    if not found:
        abort(404, f"There is no invitation {mail_id!r} in this sandbox; it keeps the newest 10,000.")
    row = found[0]
    return render_template(
        "mail.html",
        mail=row,
        letter=_call(f"/invitations/{mail_id}/mail"),
        tones=INVITATIONS,
        # The link in the mail leads where the caller reached the mock, perhaps under a vendor's name; we stay here.
        link=next(iter(_call("/invitation-links", invitation=mail_id)["invitation-links"]), None),
        reviews=_reviews(row),
    )


@pages.post("/leave")
def leave() -> Response:
    """Let so much time pass that the next mail leaves."""
    leaves = _next_leaves()
    if leaves is None:
        flash("No mail waits, so the clock was left where it is.", "problem")
        return back()
    clock = f"/sandboxes/{g.sandbox['id']}/clock"
    now = g.door.control.call("GET", clock)["now"]
    waits = (datetime.fromisoformat(leaves["at"]) - datetime.fromisoformat(now)).total_seconds()
    moved = g.door.control.call("POST", f"{clock}/advance", {"by": f"PT{max(1, ceil(waits))}S"})
    happened = moved["performed"]
    flash(f"The next mail has left. {happened} thing{'s' * (happened != 1)} fell due and happened.", "done")
    return back()


def _call(path: str, **query: object) -> Any:
    return g.door.control.call("GET", f"/sandboxes/{g.sandbox['id']}{path}", query=query)


def _next_leaves() -> Row | None:
    """When the next mail leaves."""
    due: list[Row] = _call("/timeline", act=_LEAVING, limit=1)["timeline"]
    return due[0] if due else None


def _reviews(row: Row) -> list[Row]:
    """What was written for the same order and kind."""
    collection = "reviews" if row["type"] == "service" else "product-reviews"
    known_by = {"trace": row["trace"]} if row["trace"] else {"referenceId": row["referenceNumber"]}
    found: list[Row] = _call(f"/{collection}", businessUnitId=row["businessUnitId"], **known_by)[collection]
    return found
