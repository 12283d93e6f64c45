"""Page "Requests": search, show, export and repeat the exchanges of a sandbox."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, g, render_template, url_for
from tpmock.common.control_client import RefusedError
from tpmock.console import replay as replays
from tpmock.console.paging import page_of, requested_page
from tpmock.console.views import Row, control, done, filled, search
from werkzeug.wrappers import Response as AnyResponse

TITLE: Final = "Requests"
pages = Blueprint("requests", __name__)

#: Filters, by their control API names.
FILTERS: Final = ("operation", "direction", "status", "method", "path", "text", "trace", "hint", "fault")
#: Filters of one click: name, value and label.
_CHIPS: Final = (
    ("direction", "in", "Inbound"),
    ("direction", "out", "Outbound"),
    ("status", "4xx", "4xx"),
    ("status", "5xx", "5xx"),
    ("hint", "true", "With hint"),
    ("fault", "true", "With fault"),
)
#: Maximum entries of an archive: the size of the journal.
MOST: Final = 10_000


@pages.get("/")
def index() -> str:
    """List the exchanges, newest first."""
    return _shown(None)


@pages.get("/<int:entry_id>")
def entry(entry_id: int) -> str:
    """Show one exchange beside the list."""
    return _shown(control("GET", f"/journal/{entry_id}"))


def _shown(chosen: Row | None) -> str:
    wanted = filled(search(*FILTERS))
    problem = None
    try:
        entries, paging = page_of("journal", **wanted)
    except RefusedError as error:
        problem, entries, paging = str(error), [], requested_page()
    return render_template(
        "requests.html",
        entries=entries,
        paging=paging,
        wanted=wanted,
        chips=_chips(wanted),
        operations=sorted(row["operationId"] for row in g.client.control.call("GET", "/coverage")["operations"]),
        problem=problem,
        chosen=chosen,
        curl=None if chosen is None or chosen["direction"] == "note" else _text(f"/journal/{chosen['id']}/curl"),
    )


def _chips(wanted: dict[str, str]) -> list[Row]:
    """Return the filters that one click sets or removes, with the number of entries that each has."""
    chips = []
    for name, value, label in _CHIPS:
        active = wanted.get(name) == value
        total = control("GET", "/journal", **{name: value}, limit=1)["total"]
        rest: dict[str, Any] = {key: kept for key, kept in wanted.items() if key != name}
        chips.append(
            {
                "label": label,
                "active": active,
                "count": total,
                "address": url_for("requests.index", **rest | ({} if active else {name: value})),
            }
        )
    return chips


@pages.post("/<int:entry_id>/replay")
def replay(entry_id: int) -> AnyResponse:
    """Repeat the request, and show the result."""
    once = control("GET", f"/journal/{entry_id}")
    newest = control("GET", "/journal", limit=1)["journal"]
    sentence = replays.replay(once)
    since = newest[-1]["id"] if newest else 0
    same = {name: once[name] for name in ("operation", "direction", "method")}
    made = control("GET", "/journal", **same, since=since)["journal"]
    return done(sentence, url_for("requests.entry", entry_id=made[0]["id"]) if made else None)


@pages.get("/archive.har")
def archive() -> Response:
    """Download the matching exchanges as an HTTP archive."""
    content = _text("/journal.har", {**filled(search(*FILTERS)), "limit": MOST})
    disposition = f'attachment; filename="tpmock-{g.sandbox["id"]}.har"'
    return Response(content, mimetype="application/json", headers={"Content-Disposition": disposition})


@pages.post("/clear")
def clear() -> AnyResponse:
    """Delete all exchanges."""
    control("DELETE", "/journal")
    return done("The journal was cleared. The state of the sandbox is unchanged.", url_for("requests.index"))


def _text(path: str, query: dict[str, Any] | None = None) -> Any:
    return g.client.control.call("GET", f"/sandboxes/{g.sandbox['id']}{path}", query=query, text=True)
