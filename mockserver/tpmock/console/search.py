"""Page with the results of the header's search: orders, emails, reviews and requests."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template
from tpmock.console import order_table
from tpmock.console.views import control, search

pages = Blueprint("search", __name__)

#: Maximum number of results of each kind, and length of the words.
MOST: Final = 20
_LONGEST: Final = 300


@pages.get("/search/")
def index() -> str:
    """Show what contains the words."""
    words = search("q")["q"][:_LONGEST]
    found = control("GET", "/search", q=words, limit=MOST) if words else None
    return render_template("search.html", words=words, found=found, table=order_table, states=order_table.STATES)
