"""JSON pointers (RFC 6901) in which ``*`` stands for every member of a list or object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def find(document: Any, pointer: str) -> list[Any]:
    """Return every value that a pointer leads to; none when it leads nowhere."""
    places = [document]
    for name in pointer.split("/")[1:]:
        places = [inner for place in places for inner in _inside(place, name.replace("~1", "/").replace("~0", "~"))]
    return places


def _inside(place: Any, name: str) -> Iterator[Any]:
    if name == "*":
        yield from place.values() if isinstance(place, dict) else place if isinstance(place, list) else ()
    elif isinstance(place, dict) and name in place:
        yield place[name]
    elif isinstance(place, list) and name.isdecimal() and int(name) < len(place):
        yield place[int(name)]
