"""Segment's workspace: what came in, where it goes, what became of it, and why."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, flash, g, render_template, request
from werkzeug.wrappers import Response

from mockserver.client import RefusedError
from mockserver.console import events
from mockserver.console.returning import back

TITLE: Final = "Segment"
pages = Blueprint("segment", __name__)

#: How many of the newest events are shown, unless more are asked for.
FEW: Final = 20
MANY: Final = 200
#: How far back reports look, as the control API has it.
PERIODS: Final = ("10m", "1h", "24h", "7d", "14d")

Row = dict[str, Any]


def _call(method: str, path: str, body: Any = None, **query: object) -> Any:
    return g.door.control.call(method, f"/sandboxes/{g.sandbox['id']}/segment{path}", body, query)


@pages.get("/")
def index() -> str:
    """Sources, destinations, the delivery overview and the debugger."""
    period = request.args.get("period", "24h")
    destination = request.args.get("destination") or None
    search = request.args.get("search", "").strip()
    return render_template(
        "segment.html",
        sources=_call("GET", "/sources")["sources"],
        destinations=_call("GET", "/destinations")["destinations"],
        overview=_call("GET", "/overview", period=period, destination=destination),
        periods=PERIODS,
        period=period,
        destination=destination,
        # The debugger tells only of what it shows; one more says whether there is more.
        events=_call("GET", "/debugger", search=search or None, limit=_most() + 1)["events"],
        most=_most(),
        search=search,
    )


def _most() -> int:
    return MANY if "all" in request.args else FEW


@pages.get("/destinations/<name>")
def destination(name: str) -> str:
    """One destination: its settings, what was delivered, each error with its samples, the tester and replay."""
    return _destination(name)


@pages.route("/destinations/<name>/test", methods=["GET", "POST"])
def test(name: str) -> str:
    """Try an event. Nothing is kept of it, so the answer is the page itself, and looked at again it is without."""
    if request.method == "GET":
        return _destination(name)
    text = request.form.get("event", "")
    try:
        event = json.loads(text)
    except ValueError as error:
        return _destination(name, text, problem=f"The event is no JSON: {error}.")
    try:
        return _destination(name, text, _call("POST", f"/destinations/{name}/test", event))
    except RefusedError as error:
        return _destination(name, text, problem=str(error))


def _destination(name: str, text: str = "", trial: Row | None = None, problem: str = "") -> str:
    period = request.args.get("period", "24h")
    sample = request.args.get("sample", "")
    return render_template(
        "destination.html",
        destination=_call("GET", f"/destinations/{name}"),
        report=_call("GET", f"/destinations/{name}/event-delivery", period=period),
        periods=PERIODS,
        period=period,
        samples=list(events.SAMPLES),
        text=text or events.sample(sample),
        trial=trial,
        problem=problem,
    )


@pages.post("/destinations")
def connect() -> Response:
    """Connect a destination that gets events as Segment's direct destinations do."""
    given = {name: request.form.get(name, "").strip() for name in ("name", "url", "key")}
    if not given["name"]:
        flash("A destination needs a name.", "problem")
        return back()
    body = {"url": given["url"], "settings": {"apiKey": given["key"]}}
    _call("PUT", f"/destinations/{given['name']}", body)
    flash(f"{given['name']} is connected to all sources.", "done")
    return back()


@pages.post("/destinations/<name>")
def change(name: str) -> Response:
    """Switch a destination, or give it another address or key."""
    given = {field: request.form.get(field, "").strip() for field in ("url", "key", "enabled")}
    body: Row = {}
    if given["enabled"]:
        body["enabled"] = given["enabled"] == "true"
    if given["url"]:
        body["url"] = given["url"]
    if given["key"]:
        body["settings"] = {"apiKey": given["key"]}
    changed = _call("PATCH", f"/destinations/{name}", body)
    flash(f"{name} is {'on' if changed['enabled'] else 'off'}, and events go to {changed['url'] or 'it'}.", "done")
    return back()


@pages.post("/destinations/<name>/replay")
def replay(name: str) -> Response:
    """Send remembered events once more."""
    body: Row = {bound: given for bound in ("since", "until") if (given := request.form.get(bound, "").strip())}
    if messages := request.form.get("messageIds", "").split():
        body["messageIds"] = messages
    made = _call("POST", f"/destinations/{name}/replay", body)
    count = made["replayed"]
    if count:
        flash(f"{count:,} event{'s' * (count != 1)} went to {name} once more.", "done")
    else:
        flash(f"Nothing of that is remembered, so nothing went to {name}.", "problem")
    return back()


@pages.post("/sources")
def make_source() -> Response:
    """Make a source with a write key of its own, or switch one."""
    name, enabled = request.form.get("name", "").strip(), request.form.get("enabled", "true") == "true"
    if not name:
        flash("A source needs a name.", "problem")
        return back()
    body = {"enabled": enabled, "oauthRequired": request.form.get("oauthRequired") == "true"}
    _call("PUT", f"/sources/{name}", body)
    flash(f"The source {name} is {'on' if enabled else 'off'}.", "done")
    return back()
