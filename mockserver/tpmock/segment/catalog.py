"""Segment's catalog: the kinds of sources and destinations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from tpmock.core import reference_data
from tpmock.segment.model import Json

#: Maximum number of instances of one destination per source.
INSTANCES: Final = 25


@cache
def entries(kind: Literal["destinations", "sources"]) -> dict[str, Json]:
    """Return the entries of a kind by id. Do not modify the result."""
    return {entry["id"]: entry for entry in reference_data.read("segment-catalog")[kind]}


def destination_named(name: str) -> Json | None:
    """Return the entry that an event's ``integrations`` names."""
    return next((entry for entry in entries("destinations").values() if entry["name"] == name), None)


def as_published(entry: Json, variants: Mapping[str, str]) -> Json:
    """Return an entry for this workspace: two seeds mark Trustpilot's destination as beta, the newest page does not."""
    beta = "betaStatus" in entry and variants["destination_status"] == "beta"
    shown = {name: value for name, value in entry.items() if name != "betaStatus"}
    return shown | {"status": entry["betaStatus"]} if beta else shown


def of_own(name: str) -> Json:
    """Return an entry for a destination outside the catalog, such as one in development."""
    trustpilot = next(iter(entries("destinations").values()))
    own: Json = reference_data.read("segment-catalog")["own"]
    return (
        {name: value for name, value in trustpilot.items() if name not in ("betaStatus", "contacts")}
        | own
        | {"id": name, "name": name, "slug": name.lower(), "previousNames": [name]}
    )
