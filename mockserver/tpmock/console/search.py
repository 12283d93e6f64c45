"""Page with the results of the header's search: orders, then requests."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template
from tpmock.console.views import control, search

pages = Blueprint("search", __name__)

#: Maximum number of results of each kind.
MOST: Final = 20


@pages.get("/search/")
def index() -> str:
    """Show what contains the words."""
    words = search("q")["q"]
    orders = control("GET", "/traces", key=words, limit=MOST)["traces"] if words else []
    bodies = control("GET", "/journal", text=words, limit=MOST)["journal"][::-1] if words else []
    return render_template("search.html", words=words, orders=orders, entries=bodies)
