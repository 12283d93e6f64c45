"""Segment events as data: the base events that cases start from, and changes to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tpmock.common import package_data

Event = dict[str, Any]

_ROOM_FOR_A_PRODUCT = 200


def folder() -> Path:
    """Return the folder of the base events."""
    return package_data.folder("events")


@cache
def names() -> tuple[str, ...]:
    """Return the names of all base events, in alphabetical order."""
    return tuple(sorted(item.name.removesuffix(".json") for item in folder().iterdir() if item.name.endswith(".json")))


def load(name: str) -> Event:
    """Return a base event, as a copy that the caller may change.

    :param name: one of :func:`names`
    """
    event: Event = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
    return event


def change(event: Event, assign: Mapping[str, Any], remove: Iterable[str]) -> None:
    """Change an event in place.

    :param assign: values by dotted path; objects on the way are made where they are missing
    :param remove: dotted paths to take away; one that is not there is left alone
    """
    for path, value in assign.items():
        place, last = _walk(event, path)
        place[last] = value
    for path in remove:
        place, last = _walk(event, path)
        place.pop(last, None)


def lengthen(event: Event, length: int) -> None:
    """Give an order so many products that it has this length as JSON, in bytes; a note of the last one fills it up.

    :raises ValueError: when the event is longer already
    """
    products: list[Event] = event.setdefault("properties", {}).setdefault("products", [])
    while (room := length - len(json.dumps(event))) > _ROOM_FOR_A_PRODUCT:
        number = len(products) + 1
        products.append({"product_id": f"507f1f77bcf8{number:012}", "sku": f"G-{number:05}", "name": f"Game {number}"})
    if room < len(', "note": ""'):
        raise ValueError(f"this event is already longer than {length} bytes")
    event["properties"]["note"] = ("Leave it at the door. " * (room // 22 + 1))[: room - len(', "note": ""')]


def _walk(event: Event, path: str) -> tuple[Event, str]:
    *way, last = path.split(".")
    place = event
    for name in way:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            raise TypeError(f"{path}: {name} is not an object, so its members cannot be changed")
        place = inner
    return place, last
