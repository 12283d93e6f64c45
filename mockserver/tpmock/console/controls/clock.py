"""The clock, and the scheduled timeline entries."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from tpmock.console.controls.blueprint import FEW, MANY, pages
from tpmock.console.views import control, row_limit
from werkzeug.wrappers import Response


@pages.get("/")
def index() -> str | Response:
    """Show the clock with the next timeline entries."""
    if "variant" in request.args:
        # The former page of all controls searched variants with this parameter.
        return redirect(url_for("controls.variants", variant=request.args["variant"]))
    timeline = control("GET", "/timeline", limit=row_limit(FEW, MANY))
    return render_template("controls-clock.html", timeline=timeline)
