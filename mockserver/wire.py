"""How values are written on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final


def wsgi_text(value: str) -> str:
    """What was meant: WSGI hands over bytes as Latin-1; they are UTF-8."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")


def to_json(value: Any) -> bytes:
    """A value as UTF-8; text that UTF-8 cannot hold (a lone surrogate from a client) as an escape."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


#: Objects and lists within each other that a body may have: more than any message, less than what walking through costs
#: the stack.
DEEPEST: Final = 100


def nests_deeper(value: Any, most: int = DEEPEST) -> bool:
    """Whether objects and lists stand deeper within each other than ``most``; found without recursion."""
    level: list[Any] = [value]
    for _ in range(most):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
