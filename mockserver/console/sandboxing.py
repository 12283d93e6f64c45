"""Make sandboxes, take them back to their seed, and remove them, with a question before what cannot be undone."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mockserver.console.returning import back

pages = Blueprint("sandboxing", __name__)

#: What is asked about before it is done, and what is lost by it.
_QUESTIONS: Final = {
    "reset": (
        "Take {id} back to its seed?",
        "Everything that happened in it is forgotten, the journal and its faults too, and its clock begins again.",
        "Reset it",
    ),
    "delete": (
        "Delete {id}?",
        "The sandbox goes with everything in it, and its credentials are unknown from then on.",
        "Delete it",
    ),
}


@pages.post("/")
def create() -> Response:
    """Make one, and open it."""
    given = {name: request.form.get(name, "").strip() for name in ("id", "seed", "world", "time")}
    body: dict[str, Any] = {name: value for name, value in given.items() if value}
    if "seed" in body:
        if not body["seed"].isdecimal():
            flash(f"seed: {body['seed']!r} is no whole number.", "problem")
            return back()
        body["seed"] = int(body["seed"])
    made = g.door.control.call("POST", "/sandboxes", body)
    flash(f"This is {made['id']}, a sandbox of its own. Its credentials are on this page.", "done")
    return redirect(f"{url_for('bench.index', sandbox_id=made['id'])}#sandboxes", 303)


@pages.get("/<other>/<doing>")
def ask(other: str, doing: str) -> str:
    """The question before it is done; a page, so that it is asked without scripts too."""
    if doing not in _QUESTIONS:
        abort(404)
    question, lost, answer = _QUESTIONS[doing]
    row = g.door.control.sandbox(other)
    return render_template("sure.html", question=question.format(id=row["id"]), lost=lost, answer=answer)


@pages.post("/<other>/<doing>")
def do(other: str, doing: str) -> Response:
    """Do what was asked about."""
    if doing not in _QUESTIONS:
        abort(404)
    if doing == "reset":
        g.door.control.call("POST", f"/sandboxes/{other}/reset")
        flash(f"{other} is as new.", "done")
    else:
        g.door.control.call("DELETE", f"/sandboxes/{other}")
        flash(f"{other} is gone.", "done")
    # The pages of a sandbox that is gone are gone too.
    oldest = g.door.control.call("GET", "/sandboxes")["sandboxes"][0]["id"]
    here = oldest if doing == "delete" and other == g.sandbox["id"] else g.sandbox["id"]
    return redirect(f"{url_for('bench.index', sandbox_id=here)}#sandboxes", 303)
