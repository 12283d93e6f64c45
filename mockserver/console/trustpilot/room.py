"""What the pages of this room share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g

pages = Blueprint("trustpilot", __name__)

Row = dict[str, Any]


def control(method: str, path: str, body: Any = None, **query: object) -> Any:
    """The control API of this sandbox."""
    return g.door.control.call(method, f"/sandboxes/{g.sandbox['id']}{path}", body, query=query)


def listed(collection: str, **query: object) -> list[Row]:
    """A page of a collection, the newest first."""
    rows: list[Row] = control("GET", f"/{collection}", **query)[collection]
    return rows[::-1]


def units() -> list[Row]:
    """The business units, for forms and filters."""
    return listed("business-units", limit=1000)[::-1]
