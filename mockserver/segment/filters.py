"""Destination filters: what a message loses, or whether it goes at all, before it leaves for a destination."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mockserver.chance import Chance
from mockserver.segment import fql
from mockserver.segment.model import Filter, Json

#: The order in which they act, whatever the order in which they were made (Destination filters).
ORDER: Final = ("SAMPLE", "DROP", "DROP_PROPERTIES", "ALLOW_PROPERTIES")
#: Filters of one destination, and characters in the title of one.
MOST: Final = 10
LONGEST_TITLE: Final = 64


def applied(filters: Sequence[Filter], message: Json, chance: Chance) -> Json | None:
    """The message as it leaves: the same one when no filter changes it, None when it does not leave.

    :raises fql.FqlError: when a condition cannot be read or decided; the message must not leave then, for what it holds
        may be what the filter was to hide
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
            if not _chosen(action, message, chance):
                return None
        else:
            changed = copy.deepcopy(message) if changed is None else changed
            _cut(action, changed)
    return message if changed is None else changed


def _chosen(action: Mapping[str, Any], message: Json, chance: Chance) -> bool:
    """Whether a sample holds the message; with a path, all messages that have the same value there share one fate."""
    share: float = action.get("percent", 1.0)
    path: str | None = action.get("path")
    if not path:
        return chance.between(0.0, 1.0) < share
    value: Any = message
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48 < share


def _cut(action: Mapping[str, Any], message: Json) -> None:
    keep = action["type"] == "ALLOW_PROPERTIES"
    for path, listed in (action.get("fields") or {}).items():
        # The public reference shows a list; the older API wrapped it once more.
        names = set(listed.get("fields", ()) if isinstance(listed, dict) else listed)
        for holder in _holders(message, path.split(".") if path else []):
            for name in [name for name in holder if (name in names) != keep]:
                del holder[name]


def _holders(value: Any, steps: Sequence[str]) -> Iterator[Json]:
    """The objects that a path leads to: every item, where it leads through or to an array."""
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, steps)
    elif isinstance(value, dict):
        if not steps:
            yield value
        elif steps[0] in value:
            yield from _holders(value[steps[0]], steps[1:])
