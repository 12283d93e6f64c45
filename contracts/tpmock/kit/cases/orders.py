"""Orders in an event, read as generously as a correct destination may read it.

The checks on generated events ask whether an invitation can come from an event at all. Segment warns that customers
spell fields in any casing, and its own facade looks for the address in four places; a destination may do all of that or
less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

# Segment's own matching takes either order of the words.
_EVENTS = frozenset({"ordercompleted", "completedorder"})
_ORDER_IDS = frozenset({"orderid", "id"})


class Orders(msgspec.Struct, frozen=True):
    """Possible orders and buyers of an event.

    :param references: order ids as text; none when the event is not an order, or has no id
    :param addresses: e-mail addresses in it, in lower case
    """

    references: frozenset[str]
    addresses: frozenset[str]


def read(event: object) -> Orders:
    """Return the orders in any event, without raising an exception."""
    if not isinstance(event, Mapping) or event.get("type") != "track" or _plain(event.get("event")) not in _EVENTS:
        return Orders(frozenset(), frozenset())
    properties = event.get("properties")
    references = (_text(value) for name, value in _members(properties) if _plain(name) in _ORDER_IDS)
    return Orders(
        frozenset(reference for reference in references if reference),
        frozenset(address.casefold() for address in _addresses(event)),
    )


def _addresses(event: Mapping[str, Any]) -> Iterator[str]:
    context = event.get("context")
    held = [value for name, value in _members(context) if _plain(name) == "traits"]
    for place in (event.get("properties"), event.get("traits"), *held):
        for name, value in _members(place):
            if _plain(name) == "email" and isinstance(value, str) and "@" in value:
                yield value.strip()
    user_id = event.get("userId")
    if isinstance(user_id, str) and "@" in user_id:
        yield user_id.strip()


def _members(place: object) -> Iterator[tuple[str, object]]:
    if isinstance(place, Mapping):
        yield from place.items()


def _plain(name: object) -> str:
    return name.replace("_", "").replace(" ", "").casefold() if isinstance(name, str) else ""


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()
