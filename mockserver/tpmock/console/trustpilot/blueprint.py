"""Shared blueprint of the Trustpilot pages, and business units for their forms and filters."""

from __future__ import annotations

from flask import Blueprint
from tpmock.console.views import Row, control

pages = Blueprint("trustpilot", __name__)


def units() -> list[Row]:
    """Return the business units, oldest first."""
    rows: list[Row] = control("GET", "/business-units", limit=1000)["business-units"]
    return rows


def names_of(units: list[Row]) -> dict[str, str]:
    """Return the names of business units by id."""
    return {unit["id"]: unit["displayName"] for unit in units}
