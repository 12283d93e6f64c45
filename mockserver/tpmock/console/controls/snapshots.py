"""Snapshots of the sandbox."""

from __future__ import annotations

from flask import render_template
from tpmock.console.controls.blueprint import pages
from tpmock.console.views import control, done, form, problem
from werkzeug.wrappers import Response


@pages.get("/snapshots")
def snapshots() -> str:
    """List the snapshots, newest first."""
    return render_template("controls-snapshots.html", snapshots=control("GET", "/snapshots")["snapshots"][::-1])


@pages.post("/snapshots")
def change_snapshot() -> Response:
    """Take a snapshot, restore one, or delete it."""
    name, action = form("name", "do").values()
    path = f"/snapshots/{name}"
    if not name:
        return problem("Enter a name for the snapshot.")
    if action == "restore":
        control("POST", f"{path}/restore")
        return done(f"The snapshot {name} was restored, including the clock. The journal was cleared.")
    if action == "forget":
        control("DELETE", path)
        return done(f"{name} was deleted.")
    control("PUT", path)
    return done(f"Saved as {name}.")
