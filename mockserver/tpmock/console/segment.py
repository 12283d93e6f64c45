"""Page "Segment": events, destinations, deliveries and the reasons for losses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, render_template, request
from tpmock.common import compiled, package_data
from tpmock.common.control_client import RefusedError
from tpmock.console.views import Row, control, counted, done, filled, form, problem, row_limit, search
from werkzeug.wrappers import Response

TITLE: Final = "Segment"
pages = Blueprint("segment", __name__)

#: Default number of events shown.
FEW: Final = 20
MANY: Final = 200
#: Periods of reports, as in the control API.
PERIODS: Final = ("10m", "1h", "24h", "7d", "14d")
#: Example events of the tester by label; the first is the default.
SAMPLES: Final[Mapping[str, Row]] = compiled.content(package_data.path("texts", "sample-events.yaml"))


def _segment(method: str, path: str, body: Any = None, /, **query: object) -> Any:
    return control(method, f"/segment{path}", body, **query)


@pages.get("/")
def index() -> str:
    """Show sources, destinations, the delivery overview and the debugger."""
    period = request.args.get("period", "24h")
    destination = request.args.get("destination") or None
    word = search("search")["search"]
    most = row_limit(FEW, MANY)
    return render_template(
        "segment.html",
        sources=_segment("GET", "/sources")["sources"],
        destinations=_segment("GET", "/destinations")["destinations"],
        audiences=_segment("GET", "/audiences")["audiences"],
        overview=_segment("GET", "/overview", period=period, destination=destination),
        periods=PERIODS,
        period=period,
        destination=destination,
        # The debugger does not return a total; one more event shows whether there are more.
        events=_segment("GET", "/debugger", search=word or None, limit=most + 1)["events"],
        most=most,
        search=word,
    )


@pages.get("/destinations/<name>")
def destination(name: str) -> str:
    """Show one destination: settings, deliveries, errors with samples, tester and replay."""
    return _destination(name)


@pages.route("/destinations/<name>/test", methods=["GET", "POST"])
def test(name: str) -> str:
    """Send a test event. The result is only part of this response, because the event is not stored."""
    if request.method == "GET":
        return _destination(name)
    text = request.form.get("event", "")
    try:
        event = json.loads(text)
    except ValueError as error:
        return _destination(name, text, problem=f"The event is not valid JSON: {error}.")
    try:
        return _destination(name, text, _segment("POST", f"/destinations/{name}/test", event))
    except RefusedError as error:
        return _destination(name, text, problem=str(error))


def _destination(name: str, text: str = "", trial: Row | None = None, problem: str = "") -> str:
    period = request.args.get("period", "24h")
    sample = request.args.get("sample", "")
    return render_template(
        "destination.html",
        destination=_segment("GET", f"/destinations/{name}"),
        report=_segment("GET", f"/destinations/{name}/event-delivery", period=period),
        periods=PERIODS,
        period=period,
        samples=list(SAMPLES),
        text=text or json.dumps(SAMPLES.get(sample, next(iter(SAMPLES.values()))), indent=2),
        trial=trial,
        problem=problem,
    )


@pages.post("/destinations")
def connect() -> Response:
    """Connect a direct destination of Segment."""
    name, url, key = form("name", "url", "key").values()
    if not name:
        return problem("Enter a name for the destination.")
    _segment("PUT", f"/destinations/{name}", {**({"url": url} if url else {}), "settings": {"apiKey": key}})
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
    changed = _segment("PATCH", f"/destinations/{name}", body)
    return done(f"{name} is {'on' if changed['enabled'] else 'off'}, and events go to {changed['url'] or 'it'}.")


@pages.post("/destinations/<name>/replay")
def replay(name: str) -> Response:
    """Send stored events again."""
    body: Row = dict(filled(form("since", "until")))
    if messages := request.form.get("messageIds", "").split():
        body["messageIds"] = messages
    count = _segment("POST", f"/destinations/{name}/replay", body)["replayed"]
    if not count:
        return problem(f"No matching event is kept, so nothing was sent to {name}.")
    return done(f"{counted(count, 'event')} went to {name} again.")


@pages.post("/audiences")
def make_audience() -> Response:
    """Create an audience: of recent users of an event, or of listed users."""
    given = filled(form("name", "event", "within", "members"))
    if "name" not in given:
        return problem("An audience needs a name.")
    body: Row = {key: given[key] for key in ("event", "within") if key in given}
    if "members" in given:
        body = {"members": [{"userId": user} for user in given["members"].split()]}
    made = _segment("PUT", f"/audiences/{given['name']}", body)
    return done(f"The audience {made['name']} has {counted(made['size'], 'user')}. Its first sync comes in six hours.")


@pages.post("/audiences/<name>")
def change_audience(name: str) -> Response:
    """Sync an audience now, or remove it."""
    if request.form.get("do") == "remove":
        _segment("DELETE", f"/audiences/{name}")
        return done(f"The audience {name} is removed.")
    total = _segment("POST", f"/audiences/{name}/sync")["total"]
    return done(f"The sync of {name} sent {counted(total, 'call')}.")


@pages.post("/sources")
def make_source() -> Response:
    """Create a source with its own write key, or switch one on or off."""
    name, enabled = form("name")["name"], request.form.get("enabled", "true") == "true"
    if not name:
        return problem("Enter a name for the source.")
    body = {"enabled": enabled, "oauthRequired": request.form.get("oauthRequired") == "true"}
    _segment("PUT", f"/sources/{name}", body)
    return done(f"The source {name} is {'on' if enabled else 'off'}.")
