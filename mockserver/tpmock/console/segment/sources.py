"""Sources with their write keys."""

from __future__ import annotations

from flask import render_template, request
from tpmock.console.segment.blueprint import pages, segment
from tpmock.console.views import done, form, problem
from werkzeug.wrappers import Response


@pages.get("/sources")
def sources() -> str:
    """List the sources."""
    return render_template("segment-sources.html", sources=segment("GET", "/sources")["sources"])


@pages.post("/sources")
def make_source() -> Response:
    """Create a source with its own write key, or switch one on or off."""
    name, enabled = form("name")["name"], request.form.get("enabled", "true") == "true"
    if not name:
        return problem("Enter a name for the source.")
    body = {"enabled": enabled, "oauthRequired": request.form.get("oauthRequired") == "true"}
    segment("PUT", f"/sources/{name}", body)
    return done(f"The source {name} is {'on' if enabled else 'off'}.")
