"""Business units with their plans, and the partners that may act for them."""

from __future__ import annotations

from typing import Any, Final

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from mockserver.console.paging import paging
from mockserver.console.returning import back
from mockserver.console.trustpilot.room import control, pages

#: What stands in the form for a unit that any partner may act for.
ANY: Final = ""


@pages.get("/")
def index() -> str:
    """A line for each unit, its switches in it."""
    here = paging()
    found = control("GET", "/business-units", **here.query)
    return render_template(
        "trustpilot-units.html",
        units=found["business-units"],
        paging=here.of(found["total"]),
        partners=control("GET", "/partners", limit=1000)["partners"],
    )


@pages.post("/units/<unit_id>")
def switch(unit_id: str) -> Response:
    """Move one switch of a unit."""
    changes: dict[str, Any] = {}
    if "plan" in request.form:
        changes["plan"] = request.form["plan"]
    if "partnerPermission" in request.form:
        changes["partnerPermission"] = request.form["partnerPermission"] == "true"
    if "onlyPartner" in request.form:
        only = request.form["onlyPartner"]
        changes["onlyPartner"] = None if only == ANY else only
    unit = control("PATCH", f"/business-units/{unit_id}", changes)
    permission = "may" if unit["partnerPermission"] else "may not"
    flash(f"{unit['displayName']}: {unit['plan']} plan, partners {permission} act for it.", "done")
    return back()
