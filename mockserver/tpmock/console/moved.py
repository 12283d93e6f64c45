"""Redirects from former addresses of pages, for bookmarks and links in texts of others."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

pages = Blueprint("moved", __name__)

#: Former names of pages and the endpoints of the present ones.
_MOVED: Final = {"flow": "orders.index", "journal": "requests.index"}
#: Former names of parameters.
_PARAMETERS: Final = {"key": "q"}


@pages.get("/<any(flow, journal):page>/", defaults={"rest": ""})
@pages.get("/<any(flow, journal):page>/<path:rest>")
def follow(page: str, rest: str) -> Response:
    """Redirect to the same place under the page's present name."""
    asked = {_PARAMETERS.get(name, name): value for name, value in request.args.items()}
    return redirect(f"{url_for(_MOVED[page])}{rest}{f'?{urlencode(asked)}' if asked else ''}")
