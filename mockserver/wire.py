"""How values are written on the wire."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any) -> bytes:
    """A value as UTF-8; text that UTF-8 cannot hold (a lone surrogate from a client) as an escape."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()
