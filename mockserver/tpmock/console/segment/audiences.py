"""Audiences and computed traits of Engage."""

from __future__ import annotations

from flask import render_template, request
from tpmock.console.segment.blueprint import pages, segment
from tpmock.console.views import Row, counted, done, filled, form, problem
from werkzeug.wrappers import Response


@pages.get("/audiences")
def audiences() -> str:
    """List the audiences."""
    return render_template("segment-audiences.html", audiences=segment("GET", "/audiences")["audiences"])


@pages.post("/audiences")
def make_audience() -> Response:
    """Create an audience: of recent users of an event, or of listed users."""
    given = filled(form("name", "event", "within", "members"))
    if "name" not in given:
        return problem("An audience needs a name.")
    body: Row = {key: given[key] for key in ("event", "within") if key in given}
    if "members" in given:
        body = {"members": [{"userId": user} for user in given["members"].split()]}
    made = segment("PUT", f"/audiences/{given['name']}", body)
    return done(f"The audience {made['name']} has {counted(made['size'], 'user')}. Its first sync comes in six hours.")


@pages.post("/audiences/<name>")
def change_audience(name: str) -> Response:
    """Sync an audience now, or remove it."""
    if request.form.get("do") == "remove":
        segment("DELETE", f"/audiences/{name}")
        return done(f"The audience {name} is removed.")
    total = segment("POST", f"/audiences/{name}/sync")["total"]
    return done(f"The sync of {name} sent {counted(total, 'call')}.")
