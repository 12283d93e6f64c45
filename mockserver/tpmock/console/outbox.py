"""Page "Outbox": invitation emails as a mailbox lists them, with their states, contents and reviews."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any, Final

from flask import Blueprint, abort, render_template
from tpmock.console.paging import page_of
from tpmock.console.states import INVITATIONS
from tpmock.console.views import Row, control, counted, done, filled, problem, search
from werkzeug.wrappers import Response

TITLE: Final = "Outbox"
pages = Blueprint("outbox", __name__)

#: Timeline actions of an email that is not sent yet.
_LEAVING: Final = "deliver-invitation"
#: Fields by which emails are filtered and counted.
_FIELDS: Final = ("state", "template", "locale")


@pages.get("/")
def index() -> str:
    """List the emails, newest first."""
    wanted = filled(search(*_FIELDS))
    key = search("key")["key"]
    found = {("consumerEmail" if "@" in key else "referenceNumber"): key} if key else {}
    mails, paging = page_of("invitations", **wanted, **found)
    return render_template(
        "outbox.html",
        mails=mails,
        paging=paging,
        states=INVITATIONS,
        counts={name: _counts(name, wanted) for name in _FIELDS},
        wanted=wanted,
        key=key,
        leaves=_next_leaves(),
    )


def _counts(name: str, wanted: dict[str, str]) -> dict[str, int]:
    """Return the number of emails for each value of a field, with the filters of the other fields."""
    others = {field: value for field, value in wanted.items() if field != name}
    counts: dict[str, int] = _get("/invitations", limit=1, countBy=name, **others)["counts"]
    return counts


@pages.get("/<mail_id>")
def mail(mail_id: str) -> str:
    """Show one email as its recipient sees it, and the reviews written with its link."""
    row = next(iter(_get("/invitations", id=mail_id)["invitations"]), None)
    if row is None:
        abort(404, f"There is no invitation {mail_id!r} in this sandbox; it keeps the newest 10,000.")
    return render_template(
        "mail.html",
        mail=row,
        letter=_get(f"/invitations/{mail_id}/mail"),
        tones=INVITATIONS,
        # The link in the email has the host of the original request, perhaps a vendor's; use the console's host
        # instead.
        link=next(iter(_get("/invitation-links", invitation=mail_id)["invitation-links"]), None),
        reviews=_reviews(row),
    )


@pages.post("/leave")
def leave() -> Response:
    """Advance the clock until the next email is sent."""
    leaves = _next_leaves()
    if leaves is None:
        return problem("No email is queued, so the clock was not advanced.")
    waits = datetime.fromisoformat(leaves["at"]) - datetime.fromisoformat(_get("/clock")["now"])
    moved = control("POST", "/clock/advance", {"by": f"PT{max(1, ceil(waits.total_seconds()))}S"})
    return done(f"The next email was sent. {counted(moved['performed'], 'timeline entry')} ran.")


def _get(path: str, **query: object) -> Any:
    return control("GET", path, **query)


def _next_leaves() -> Row | None:
    due: list[Row] = _get("/timeline", act=_LEAVING, limit=1)["timeline"]
    return due[0] if due else None


def _reviews(row: Row) -> list[Row]:
    """Return the reviews of the same order and type."""
    collection = "reviews" if row["type"] == "service" else "product-reviews"
    known_by = {"trace": row["trace"]} if row["trace"] else {"referenceId": row["referenceNumber"]}
    found: list[Row] = _get(f"/{collection}", businessUnitId=row["businessUnitId"], **known_by)[collection]
    return found
