"""Business units with their plans, partners, users and access tokens."""

from __future__ import annotations

from typing import Any, Final

from flask import render_template, request
from tpmock.console.paging import page_of
from tpmock.console.trustpilot.blueprint import names_of, pages, units
from tpmock.console.views import control, done, filled, form
from werkzeug.wrappers import Response

#: Form value of a unit that any partner may act for.
ANY: Final = ""


@pages.get("/")
def index() -> str:
    """List the units with their settings."""
    rows, paging = page_of("business-units")
    partners = control("GET", "/partners", limit=1000)["partners"]
    users = control("GET", "/business-users", limit=1000)["business-users"]
    shown = {"units": rows[::-1], "partners": partners, "users": users}
    return render_template("trustpilot-units.html", paging=paging, **shown)


@pages.post("/units/<unit_id>")
def switch(unit_id: str) -> Response:
    """Change one setting of a unit."""
    changes: dict[str, Any] = {}
    if "plan" in request.form:
        changes["plan"] = request.form["plan"]
    if "partnerPermission" in request.form:
        changes["partnerPermission"] = request.form["partnerPermission"] == "true"
    if "onlyPartner" in request.form:
        only = request.form["onlyPartner"]
        changes["onlyPartner"] = None if only == ANY else only
    changes |= filled(form("businessUserId"))
    unit = control("PATCH", f"/business-units/{unit_id}", changes)
    permission = "may" if unit["partnerPermission"] else "may not"
    return done(f"{unit['displayName']}: {unit['plan']} plan, partners {permission} act for it.")


@pages.get("/users")
def users() -> str:
    """List the business users with their roles."""
    rows, paging = page_of("business-users")
    return render_template("trustpilot-users.html", users=rows[::-1], paging=paging, names=names_of(units()))


@pages.post("/users/<user_id>")
def switch_two_step(user_id: str) -> Response:
    """Switch 2-step verification of a user."""
    user = control("PATCH", f"/business-users/{user_id}", {"twoStep": request.form.get("twoStep") == "true"})
    if user["twoStep"]:
        return done(f"{user['username']} has 2-step verification: the password grant is refused.")
    return done(f"{user['username']} has no 2-step verification: the password grant works.")


@pages.get("/tokens")
def tokens() -> str:
    """List the access tokens with their remaining lifetimes."""
    rows, paging = page_of("tokens")
    return render_template("trustpilot-tokens.html", tokens=rows, paging=paging)


@pages.post("/tokens/<token_id>/revoke")
def revoke(token_id: str) -> Response:
    """Revoke a token, as its holder would."""
    control("POST", f"/tokens/{token_id}/revoke")
    return done("The token was revoked: requests that use it get 401.")


@pages.get("/redirect-addresses")
def redirect_addresses() -> str:
    """List the redirect addresses."""
    rows, paging = page_of("redirect-addresses")
    return render_template("trustpilot-redirects.html", addresses=rows[::-1], paging=paging)


@pages.post("/redirect-addresses")
def add_redirect_address() -> Response:
    """Register a redirect address."""
    made = control("POST", "/redirect-addresses", filled(form("address")))
    return done(f"{made['address']} is registered.")


@pages.post("/redirect-addresses/remove")
def remove_redirect_address() -> Response:
    """Remove a redirect address."""
    control("DELETE", "/redirect-addresses", address=request.form.get("address", ""))
    return done("The redirect address was removed.")
