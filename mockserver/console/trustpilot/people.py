"""Business users with their roles, and the tokens that programs hold."""

from __future__ import annotations

from flask import flash, render_template
from werkzeug.wrappers import Response

from mockserver.console.paging import paging
from mockserver.console.returning import back
from mockserver.console.trustpilot.room import control, pages, units


@pages.get("/users")
def users() -> str:
    """Who may log in, and as what."""
    here = paging()
    found = control("GET", "/business-users", **here.query)
    return render_template(
        "trustpilot-users.html",
        users=found["business-users"],
        paging=here.of(found["total"]),
        names={unit["id"]: unit["displayName"] for unit in units()},
    )


@pages.get("/tokens")
def tokens() -> str:
    """The access tokens, each with what is left of its life on the sandbox's clock."""
    here = paging()
    found = control("GET", "/tokens", **here.query)
    return render_template("trustpilot-tokens.html", tokens=found["tokens"][::-1], paging=here.of(found["total"]))


@pages.post("/tokens/<token_id>/revoke")
def revoke(token_id: str) -> Response:
    """End one, as if its holder had revoked it."""
    control("POST", f"/tokens/{token_id}/revoke")
    flash("The token is revoked: whoever still uses it gets 401.", "done")
    return back()
