"""The sandboxes of this mock. They are created and removed by :mod:`tpmock.console.sandboxes`."""

from __future__ import annotations

from flask import g, render_template
from tpmock.console.controls.blueprint import FEW, MANY, pages
from tpmock.console.views import Row, row_limit


@pages.get("/sandboxes")
def sandboxes() -> str:
    """List the open sandbox and the newest others."""
    most = row_limit(FEW, MANY)
    found = g.client.control.call("GET", "/sandboxes", None, {"limit": most})
    return render_template("controls-sandboxes.html", sandboxes=_near(found["sandboxes"], most), total=found["total"])


def _near(sandboxes: list[Row], most: int) -> list[Row]:
    """Return the open sandbox and the newest others, newest first."""
    others = [row for row in reversed(sandboxes) if row["id"] != g.sandbox["id"]]
    return [g.sandbox, *others[: most - 1]]
