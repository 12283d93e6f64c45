"""Redirects from former addresses of pages, for bookmarks and links in texts of others."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

pages = Blueprint("moved", __name__)

#: Former names of pages and the endpoints of the present ones.
_MOVED: Final = {"flow": "orders.index", "journal": "requests.index"}


@pages.get("/<any(flow, journal):page>/", defaults={"rest": ""})
@pages.get("/<any(flow, journal):page>/<path:rest>")
def follow(page: str, rest: str) -> Response:
    """Redirect to the same place under the page's present name."""
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    return redirect(f"{url_for(_MOVED[page])}{rest}{query}")
