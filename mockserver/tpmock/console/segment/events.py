"""The debugger: the newest events as stored, and beside them the chosen one."""

from __future__ import annotations

from typing import Final

from flask import abort, render_template
from tpmock.common.control_client import RefusedError
from tpmock.console.segment.blueprint import destinations, pages, segment
from tpmock.console.views import Row, row_limit, search

#: Default number of events shown.
FEW: Final = 50
MANY: Final = 200


@pages.get("/debugger")
def debugger() -> str:
    """List the events, newest first."""
    return _page(None)


@pages.get("/debugger/<event_id>")
def event(event_id: str) -> str:
    """List the events, with one of them."""
    found: list[Row] = segment("GET", "/events", id=event_id)["events"]
    if not found:
        abort(404, f"There is no event {event_id!r} in this workspace; it keeps the newest ones.")
    return _page(found[0])


def _page(chosen: Row | None) -> str:
    word = search("search")["search"]
    most = row_limit(FEW, MANY)
    # The debugger does not return a total; one more event shows whether there are more.
    events = segment("GET", "/debugger", search=word or None, limit=most + 1)["events"]
    if chosen is None and events:
        chosen = events[0]
    return render_template(
        "segment-debugger.html",
        events=events[:most],
        more=len(events) > most,
        search=word,
        chosen=chosen,
        pipeline=None if chosen is None else _pipeline(chosen["messageId"]),
        destinations=destinations(),
    )


def _pipeline(message_id: str) -> Row | None:
    """Return why an event was sent, or why not; None if it was dropped meanwhile."""
    try:
        found: Row = segment("GET", f"/events/{message_id}/pipeline")
    except RefusedError:
        return None
    return found
