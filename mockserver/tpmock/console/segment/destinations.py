"""Destinations: their list; and of one its delivery, settings with filters, event tester and replay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from flask import render_template, request
from tpmock.common import compiled, package_data
from tpmock.common.control_client import RefusedError
from tpmock.console.segment import blueprint
from tpmock.console.segment.blueprint import PERIODS, pages, period, segment
from tpmock.console.views import Row, counted, done, filled, form, problem
from werkzeug.wrappers import Response

#: Example events of the tester by label; the first is the default.
SAMPLES: Final[Mapping[str, Row]] = compiled.content(package_data.path("texts", "sample-events.yaml"))


@pages.get("/destinations")
def destinations() -> str:
    """List the destinations with their deliveries of the last 24 hours."""
    rows = blueprint.destinations()
    reports = {row["name"]: segment("GET", f"/destinations/{row['name']}/event-delivery", period="24h") for row in rows}
    return render_template("segment-destinations.html", destinations=rows, reports=reports)


@pages.get("/destinations/<name>")
def destination(name: str) -> str:
    """Show the deliveries of one destination, and its errors with samples."""
    report = segment("GET", f"/destinations/{name}/event-delivery", period=period())
    return render_template(
        "destination-delivery.html", destination=_known(name), report=report, periods=PERIODS, period=period()
    )


@pages.get("/destinations/<name>/settings")
def settings(name: str) -> str:
    """Show the settings and filters of one destination."""
    return render_template("destination-settings.html", destination=_known(name))


@pages.route("/destinations/<name>/test", methods=["GET", "POST"])
def test(name: str) -> str:
    """Send a test event. The result is only part of this response, because the event is not stored."""
    if request.method == "GET":
        return _tester(name)
    text = request.form.get("event", "")
    try:
        event = json.loads(text)
    except ValueError as error:
        return _tester(name, text, problem=f"The event is not valid JSON: {error}.")
    try:
        return _tester(name, text, segment("POST", f"/destinations/{name}/test", event))
    except RefusedError as error:
        return _tester(name, text, problem=str(error))


def _tester(name: str, text: str = "", trial: Row | None = None, problem: str = "") -> str:
    sample = SAMPLES.get(request.args.get("sample", ""), next(iter(SAMPLES.values())))
    return render_template(
        "destination-test.html",
        destination=_known(name),
        samples=list(SAMPLES),
        text=text or json.dumps(sample, indent=2),
        trial=trial,
        problem=problem,
    )


def _known(name: str) -> Row:
    found: Row = segment("GET", f"/destinations/{name}")
    return found


@pages.post("/destinations")
def connect() -> Response:
    """Connect a direct destination of Segment."""
    name, url, key = form("name", "url", "key").values()
    if not name:
        return problem("Enter a name for the destination.")
    segment("PUT", f"/destinations/{name}", {**({"url": url} if url else {}), "settings": {"apiKey": key}})
    return done(f"{name} is connected to all sources.")


@pages.post("/destinations/<name>")
def change(name: str) -> Response:
    """Switch a destination on or off, or change its address or key."""
    given = filled(form("url", "key", "enabled"))
    body: Row = {}
    if "enabled" in given:
        body["enabled"] = given["enabled"] == "true"
    if "url" in given:
        body["url"] = given["url"]
    if "key" in given:
        body["settings"] = {"apiKey": given["key"]}
    changed = segment("PATCH", f"/destinations/{name}", body)
    return done(f"{name} is {'on' if changed['enabled'] else 'off'}, and events go to {changed['url'] or 'it'}.")


@pages.get("/destinations/<name>/replay")
def replay_form(name: str) -> str:
    """Show the form that sends stored events again."""
    return render_template("destination-replay.html", destination=_known(name))


@pages.post("/destinations/<name>/replay")
def replay(name: str) -> Response:
    """Send stored events again."""
    body: Row = dict(filled(form("since", "until")))
    if messages := request.form.get("messageIds", "").split():
        body["messageIds"] = messages
    count = segment("POST", f"/destinations/{name}/replay", body)["replayed"]
    if not count:
        return problem(f"No matching event is kept, so nothing was sent to {name}.")
    return done(f"{counted(count, 'event')} went to {name} again.")
