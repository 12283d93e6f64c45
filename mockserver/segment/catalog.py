"""Segment's catalogue: what kinds of sources and destinations there are."""

from __future__ import annotations

from functools import cache
from typing import Final

from mockserver import reference
from mockserver.segment.model import Json

#: Instances of one destination that a source can have.
INSTANCES: Final = 25


@cache
def destinations() -> dict[str, Json]:
    """The entries by their id. Nobody may change what comes back."""
    return {entry["id"]: entry for entry in reference.read("segment-catalog")["destinations"]}


@cache
def sources() -> dict[str, Json]:
    """The entries by their id. Nobody may change what comes back."""
    return {entry["id"]: entry for entry in reference.read("segment-catalog")["sources"]}


def destination_named(name: str) -> Json | None:
    """The entry by which an event's ``integrations`` means it."""
    return next((entry for entry in destinations().values() if entry["name"] == name), None)


def of_own(name: str) -> Json:
    """The entry of a destination that is in nobody's catalogue, as one that is being built has it."""
    trustpilot = next(iter(destinations().values()))
    return trustpilot | {
        "id": name,
        "name": name,
        "slug": name.lower(),
        "description": "",
        "status": "PRIVATE_BUILDING",
        "previousNames": [name],
        "categories": [],
        "website": "",
        "supportedMethods": dict.fromkeys(trustpilot["supportedMethods"], True),
        "partnerOwned": False,
    }
