"""Every exchange in and out of a sandbox: searched, looked at, taken along, made again."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from mockserver.client import RefusedError
from mockserver.console import replaying
from mockserver.console.paging import paging
from mockserver.console.returning import back

TITLE: Final = "Journal"
pages = Blueprint("journal", __name__)

#: What can be searched for, by the names of the control API.
FILTERS: Final = ("operation", "direction", "status", "method", "path", "text", "trace", "hint", "fault")
#: An archive holds as much as the journal does.
MOST: Final = 10_000

Row = dict[str, Any]


@pages.get("/")
def index() -> str:
    """A line for each exchange, the newest first."""
    wanted = _wanted()
    here = paging()
    problem = None
    try:
        found = _call("GET", "/journal", query={**wanted, **here.query})
    except RefusedError as error:
        problem, found = str(error), {"journal": [], "total": 0}
    operations = sorted(row["operationId"] for row in g.door.control.call("GET", "/coverage")["operations"])
    return render_template(
        "journal.html",
        entries=found["journal"][::-1],
        paging=here.of(found["total"]),
        wanted=wanted,
        operations=operations,
        problem=problem,
    )


@pages.get("/<int:entry_id>")
def entry(entry_id: int) -> str:
    """One exchange, request and answer side by side."""
    shown = _call("GET", f"/journal/{entry_id}")
    note = shown["direction"] == "note"
    curl = None if note else g.door.control.call("GET", f"{_home()}/journal/{entry_id}/curl", text=True)
    return render_template("entry.html", entry=shown, curl=curl)


@pages.post("/<int:entry_id>/replay")
def replay(entry_id: int) -> AnyResponse:
    """Make the call once more, and show how that went."""
    once = _call("GET", f"/journal/{entry_id}")
    newest = _call("GET", "/journal", query={"limit": 1})["journal"]
    flash(replaying.replay(once), "done")
    since = newest[-1]["id"] if newest else 0
    same = {name: once[name] for name in ("operation", "direction", "method")}
    made = _call("GET", "/journal", query={**same, "since": since})["journal"]
    return redirect(url_for("journal.entry", entry_id=made[0]["id"]), 303) if made else back()


@pages.get("/archive.har")
def archive() -> Response:
    """What fits, as an HTTP archive to take along."""
    content = g.door.control.call("GET", f"{_home()}/journal.har", query={**_wanted(), "limit": MOST}, text=True)
    name = f"tpmock-{g.sandbox['id']}.har"
    return Response(
        content, mimetype="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@pages.post("/clear")
def clear() -> AnyResponse:
    """Forget all exchanges."""
    _call("DELETE", "/journal")
    flash("The journal is empty now. What happened in the sandbox stays.", "done")
    return redirect(url_for("journal.index"), 303)


def _home() -> str:
    return f"/sandboxes/{g.sandbox['id']}"


def _call(method: str, path: str, query: dict[str, Any] | None = None) -> Any:
    return g.door.control.call(method, f"{_home()}{path}", query=query)


def _wanted() -> dict[str, str]:
    """The filters that were filled in."""
    given = {name: request.args.get(name, "").strip() for name in FILTERS}
    return {name: value for name, value in given.items() if value}
