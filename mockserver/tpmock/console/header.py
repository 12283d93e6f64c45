"""Header of every page of a sandbox: the sandbox switcher, and what is due next."""

from __future__ import annotations

from typing import Any, Final

from flask import g, request, url_for
from tpmock.console.clock_and_orders import LEAPS
from tpmock.console.views import Row, control

#: Number of sandboxes in the switcher; the page Controls lists all.
_SANDBOXES: Final = 10


def content() -> dict[str, Any]:
    """Return the values for the header's template."""
    due = control("GET", "/timeline", limit=1)["timeline"] if g.clock["nextDue"] else []
    return {"leaps": LEAPS, "due": due[0] if due else None, "switcher": _switcher()}


def _switcher() -> Row:
    """Return the newest sandboxes with the address of this page in each, and the number of the others."""
    found = g.client.control.call("GET", "/sandboxes", None, {"limit": _SANDBOXES})
    # A page of one thing exists in this sandbox only.
    same = request.endpoint if not (request.view_args or {}) and request.method == "GET" else None
    names = [g.sandbox["id"], *(row["id"] for row in reversed(found["sandboxes"]) if row["id"] != g.sandbox["id"])]
    rows = [{"id": name, "address": url_for(same or "orders.index", sandbox_id=name)} for name in names]
    return {"rows": rows, "others": max(0, found["total"] - len(rows))}
