"""Memory of the sandbox, and its usage by API key."""

from __future__ import annotations

from typing import Final

from flask import g, render_template
from tpmock.console.controls.blueprint import pages
from tpmock.console.views import control

#: Labels of dropped things whose control API name needs one.
_KINDS: Final = {"messageIds": "message ids", "audiences": "profiles of audiences"}


@pages.get("/usage")
def usage() -> str:
    """Show what is kept, what was dropped, and the requests of each API key."""
    return render_template(
        "controls-usage.html",
        memory=g.sandbox["memory"],
        gone=[(_KINDS.get(name, name), count) for name, count in g.sandbox["dropped"].items() if count],
        usage=control("GET", "/usage")["usage"],
    )
