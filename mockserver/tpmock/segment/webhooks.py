"""Webhook destinations: the unchanged event, to up to five addresses, signed with a shared secret (Webhooks)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.outbound.sender import OutgoingRequest
from tpmock.segment import retries
from tpmock.segment.model import Destination, Event, Json, WebhookOptions
from tpmock.segment.workspace import Workspace

#: Time limit of an answer in seconds; a support article says about ten.
TIMEOUT: Final = 5.0
#: All calls, and deletions.
TYPES: Final = ("track", "identify", "page", "screen", "group", "alias", "delete")
#: JavaScript writes larger integers with an exponent.
_LONGEST_INTEGER: Final = 1e21
_LONE: Final = re.compile("[\ud800-\udfff]")


def requests_for(workspace: Workspace, event: Event, destination: Destination) -> list[OutgoingRequest]:
    """Return the request for each address."""
    options = destination.webhook or WebhookOptions()
    body = _stringified(event.message)
    headers = {**options.headers, "User-Agent": "Segment.io/1.0", "Content-Type": "application/json"}
    if options.secret:
        headers["X-Signature"] = signature(options.secret, body)
    timeout = min(TIMEOUT, seconds(workspace.variants["delivery_timeout"]))
    urls = (destination.url, *options.more_urls)
    return [retries.request(url, headers, body, timeout, event.trace) for url in urls]


def signature(secret: str, body: bytes) -> str:
    """Return the header ``X-Signature``: HMAC-SHA1 in hexadecimal."""
    return hmac.new(secret.encode("utf-8", "replace"), body, hashlib.sha1).hexdigest()


def _stringified(message: Json) -> bytes:
    """Serialize like ``JSON.stringify``, because receivers parse the body and serialize it again to verify it."""
    text = json.dumps(_as_javascript_has_it(message), ensure_ascii=False, separators=(",", ":"))
    # JSON.stringify escapes what UTF-8 cannot hold.
    whole = text.isascii() or not _LONE.search(text)
    return text.encode() if whole else _LONE.sub(lambda lone: f"\\u{ord(lone[0]):04x}", text).encode()


def _as_javascript_has_it(value: Any) -> Any:
    """Return a value with 25 for 25.0: JavaScript does not distinguish them."""
    if isinstance(value, dict):
        return {name: _as_javascript_has_it(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_javascript_has_it(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _LONGEST_INTEGER:
        return int(value)
    return value
