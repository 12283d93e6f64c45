"""Shared blueprint of the pages of "Controls"."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

pages = Blueprint("controls", __name__)

#: Default number of rows of a list on these pages; the link "Show more" shows :data:`MANY`.
FEW: Final = 12
MANY: Final = 200
