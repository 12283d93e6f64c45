"""Destination filters: they change or drop a message before it is sent to a destination."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tpmock.core.random_ids import RandomSource
from tpmock.segment import fql
from tpmock.segment.model import Filter, Json

#: The order in which actions apply, independent of creation (Destination filters).
ORDER: Final = ("SAMPLE", "DROP", "DROP_PROPERTIES", "ALLOW_PROPERTIES")
#: Maximum number of filters of one destination.
MOST: Final = 10


def applied(filters: Sequence[Filter], message: Json, random: RandomSource) -> Json | None:
    """Return the message to send: the same object when no filter changes it, None when a filter drops it.

    :raises fql.FqlError: when a condition is not valid for the message; it must not be sent then, because the filter
        may be there to hide parts of it
    """
    actions = [
        action for each in filters if each.enabled and fql.holds(each.condition, message) for action in each.actions
    ]
    actions.sort(key=lambda action: ORDER.index(action["type"]))
    changed: Json | None = None
    for action in actions:
        if action["type"] == "DROP":
            return None
        if action["type"] == "SAMPLE":
            if not _chosen(action, message, random):
                return None
        else:
            changed = copy.deepcopy(message) if changed is None else changed
            _cut(action, changed)
    return message if changed is None else changed


def _chosen(action: Mapping[str, Any], message: Json, random: RandomSource) -> bool:
    """Return whether a sample includes the message; with a path, messages with the same value there agree."""
    share: float = action.get("percent", 1.0)
    path: str | None = action.get("path")
    if not path:
        return random.between(0.0, 1.0) < share
    value: Any = message
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48 < share


def _cut(action: Mapping[str, Any], message: Json) -> None:
    keep = action["type"] == "ALLOW_PROPERTIES"
    for path, listed in (action.get("fields") or {}).items():
        # The public reference shows a list; the older API wrapped it in another object.
        names = set(listed.get("fields", ()) if isinstance(listed, dict) else listed)
        for holder in _holders(message, path.split(".") if path else []):
            for name in [name for name in holder if (name in names) != keep]:
                del holder[name]


def _holders(value: Any, steps: Sequence[str]) -> Iterator[Json]:
    """Return the objects at a path: every item, when it passes through or ends at an array."""
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, steps)
    elif isinstance(value, dict):
        if not steps:
            yield value
        elif steps[0] in value:
            yield from _holders(value[steps[0]], steps[1:])
