"""After a form: to the page it stood on."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from mockserver.console import ROOT


def back() -> Response:
    """The answer to a form. Nothing but a page of the console is ever gone to."""
    place = request.form.get("back", "")
    if not place.startswith(f"{ROOT}/"):
        place = url_for("flow.index")
    return redirect(place, 303)
