"""Events as orders for Trustpilot's Integration Key interface: the catalog's Trustpilot destination delivers there
until another address is known.

How Trustpilot implements that destination is not public. The mock reads only the event fields that the destination's
page names.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from tpmock.common.durations import seconds
from tpmock.core.json_text import to_json
from tpmock.outbound.sender import OutgoingRequest
from tpmock.segment import retries
from tpmock.segment.model import Destination, Event, Json
from tpmock.segment.workspace import Workspace

#: The catalog entry whose API Key is an Integration Key, and the only event it accepts (SEED).
INTEGRATION: Final = "Trustpilot"
EVENT: Final = "Order Completed"
_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "Segment.io/1.0"}
#: Members of a product: the names used in orders, and those of Segment's specification of commerce events.
_PRODUCT: Final = {"sku": "sku", "name": "name", "productUrl": "url", "imageUrl": "image_url", "brand": "brand"}


def takes(workspace: Workspace, destination: Destination) -> bool:
    """Return whether a destination without an address delivers with its Integration Key."""
    by_key = workspace.variants["catalog_delivery"] == "integration-key"
    return by_key and destination.integration == INTEGRATION and destination.kind == "direct"


def invites(message: Json) -> bool:
    """Return whether an event is an order."""
    return message["type"] == "track" and message.get("event") == EVENT


def request_for(workspace: Workspace, event: Event, destination: Destination) -> OutgoingRequest:
    """Return the request for an order."""
    url = f"{workspace.public_url}/api/{quote(destination.api_key, safe='')}/invitation"
    timeout = seconds(workspace.variants["delivery_timeout"])
    return retries.request(url, _HEADERS, to_json(_order(event.message)), timeout, event.trace, itself=True)


def _order(message: Json) -> Json:
    said: Json = message.get("properties") or {}
    names = [said[name] for name in ("name", "surname") if isinstance(said.get(name), str)]
    wanted = {
        "recipientEmail": said.get("email"),
        "recipientName": " ".join(names),
        "referenceId": said.get("order_id"),
        "source": "Segment",
        "products": [_product(one) for one in _list(said.get("products")) if isinstance(one, dict)],
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _product(product: Json) -> Json:
    return {name: product[given] for name, given in _PRODUCT.items() if product.get(given) is not None}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
