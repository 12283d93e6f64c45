"""Page "Connect": addresses, credentials, programs to paste, users, redirect addresses and request collections."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, Response, abort, g, render_template
from tpmock.common import environment
from tpmock.console import programs
from tpmock.console.views import Row, control, search

TITLE: Final = "Connect"
pages = Blueprint("connect", __name__)

#: Number of users and redirect addresses on this page; the pages of Trustpilot list all.
FEW: Final = 20
#: Forms in which an API can be downloaded, and their labels.
TOOLS: Final = {"postman": "Postman", "bruno": "Bruno", "openapi": "OpenAPI"}


@pages.get("/")
def index() -> str:
    """Show everything that a program needs."""
    texts = programs.texts()
    sandbox: Row = g.sandbox
    codes = [*programs.environments(sandbox), *texts["programs"]]
    asked = search("program")["program"]
    program = next((one for one in codes if one["name"] == asked), codes[0])
    users = control("GET", "/business-users", limit=FEW)
    redirects = control("GET", "/redirect-addresses", limit=FEW)
    units = control("GET", "/business-units", limit=1000)["business-units"]
    return render_template(
        "connect.html",
        addresses=[{"name": name, **texts["addresses"][name], "value": url} for name, url in sandbox["urls"].items()],
        credentials=grouped(sandbox["credentials"], texts["credentials"]),
        programs=codes,
        program=program,
        code=programs.filled_in(program, sandbox) if "quote" in program else program["code"],
        users=users["business-users"],
        more_users=users["total"] - len(users["business-users"]),
        redirects=redirects["redirect-addresses"],
        more_redirects=redirects["total"] - len(redirects["redirect-addresses"]),
        names={unit["id"]: unit["displayName"] for unit in units},
        apis=list(dict.fromkeys(row["api"] for row in g.client.control.call("GET", "/coverage")["operations"])),
        tools=TOOLS,
    )


def grouped(credentials: dict[str, str], texts: list[dict[str, Any]]) -> list[Row]:
    """Return the credentials by group, each with its variable and what it is for.

    A world of a user can have credentials that no text describes; they are a group of their own.
    """
    described = [(one["group"], one["members"]) for one in texts]
    known = {name for _, members in described for name in members}
    described.append(("Others of this world", {name: "" for name in credentials if name not in known}))
    rows = [
        {
            "group": group,
            "rows": [
                {
                    "name": name,
                    "value": credentials[name],
                    "purpose": purpose,
                    "variable": environment.variable(name),
                }
                for name, purpose in members.items()
                if name in credentials
            ],
        }
        for group, members in described
    ]
    return [one for one in rows if one["rows"]]


@pages.get("/<tool>/<api>.json")
def collection(tool: str, api: str) -> Response:
    """Return a request collection of the sandbox as a file, with the access of the browser's user."""
    if tool not in TOOLS:
        abort(404, f"There are no request collections for {tool!r}.")
    path = f"/{tool}/{api}.json"
    # An OpenAPI document holds no credentials, so it is the same for all sandboxes.
    found = g.client.control.call("GET", path) if tool == "openapi" else control("GET", path)
    name = f"tpmock-{g.sandbox['id']}-{api}.{tool}.json"
    return Response(
        json.dumps(found, indent=2),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
