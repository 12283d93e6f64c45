"""Create, reset and remove sandboxes, with a confirmation page."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, g, render_template, url_for
from tpmock.console.views import done, filled, form, problem
from werkzeug.wrappers import Response

pages = Blueprint("sandboxes", __name__)

#: Actions that need confirmation: question, consequence and button.
_QUESTIONS: Final = {
    "reset": (
        "Reset {id} to its world?",
        "All changes are lost, including the journal and the faults, and the clock restarts.",
        "Reset it",
    ),
    "delete": (
        "Delete {id}?",
        "The sandbox and all its data are removed, and its credentials stop working.",
        "Delete it",
    ),
}


@pages.post("/")
def create() -> Response:
    """Create a sandbox, and open it."""
    body: dict[str, Any] = dict(filled(form("id", "seed", "world", "time")))
    if "seed" in body:
        if not body["seed"].isdecimal():
            return problem(f"seed: {body['seed']!r} is not a whole number.")
        body["seed"] = int(body["seed"])
    made = g.client.control.call("POST", "/sandboxes", body)["id"]
    return done(f"This is {made} is a new sandbox. This page has its credentials.", _page(made))


@pages.get("/<other>/<doing>")
def ask(other: str, doing: str) -> str:
    """Show the confirmation page, which works without scripts."""
    if doing not in _QUESTIONS:
        abort(404)
    question, lost, answer = _QUESTIONS[doing]
    row = g.client.control.sandbox(other)
    return render_template("sure.html", question=question.format(id=row["id"]), lost=lost, answer=answer)


@pages.post("/<other>/<doing>")
def do(other: str, doing: str) -> Response:
    """Perform the confirmed action."""
    call, here = g.client.control.call, g.sandbox["id"]
    if doing == "reset":
        call("POST", f"/sandboxes/{other}/reset")
        return done(f"{other} was reset.", _page(here))
    if doing != "delete":
        abort(404)
    call("DELETE", f"/sandboxes/{other}")
    # A removed sandbox has no pages.
    return done(f"{other} was removed.", _page("default" if other == here else here))


def _page(sandbox_id: str) -> str:
    return url_for("controls.sandboxes", sandbox_id=sandbox_id)
