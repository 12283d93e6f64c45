"""Shared blueprint of the pages of "Segment", and requests to the workspace."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, request
from tpmock.console.views import Row, control

pages = Blueprint("segment", __name__)

#: Periods of reports, as in the control API.
PERIODS: Final = ("10m", "1h", "24h", "7d", "14d")


def segment(method: str, path: str, body: Any = None, /, **query: object) -> Any:
    """Call the control API of the sandbox's workspace.

    :param path: behind ``/segment``, such as ``/sources``
    """
    return control(method, f"/segment{path}", body, **query)


def period() -> str:
    """Return the period of the address."""
    return request.args.get("period", "24h")


def destinations() -> list[Row]:
    """Return the destinations of the workspace."""
    rows: list[Row] = segment("GET", "/destinations")["destinations"]
    return rows
