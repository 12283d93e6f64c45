"""Events to begin a test with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_ADA: Final = {"email": "ada@example.com", "name": "Ada", "surname": "Example"}

#: By the name that is shown, the usual one first.
SAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "an order": {
        "type": "track",
        "event": "Order Completed",
        "userId": "customer-1",
        "properties": {"order_id": "test-1", **_ADA},
    },
    "an order without an address": {
        "type": "track",
        "event": "Order Completed",
        "userId": "customer-1",
        "properties": {"order_id": "test-2"},
    },
    "another event": {"type": "track", "event": "Product Viewed", "userId": "customer-1", "properties": {}},
    "identify": {"type": "identify", "userId": "customer-1", "traits": _ADA},
    "page": {"type": "page", "userId": "customer-1", "name": "Home"},
}


def sample(name: str) -> str:
    """An event as it is edited; the usual one for a name that is none."""
    return json.dumps(SAMPLES.get(name, next(iter(SAMPLES.values()))), indent=2)
