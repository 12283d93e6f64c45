"""Reads forms where the document has JSON: ``a[b]=1``, ``a[0][b]=1``, ``a[]=1`` and a repeated ``a=1``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tpmock.core.json_text import DEEPEST

#: A field name in the form of PHP, Ruby and JavaScript libraries.
_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")


def body_of(fields: Iterable[tuple[str, str]], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that the fields of a form describe.

    :param schema: says which members are lists; of a repeated text the last one counts
    :raises ValueError: when a name is nested too deeply
    """
    body: dict[str, Any] = {}
    for name, text in fields:
        found = _NAME.fullmatch(name)
        path = [name] if found is None else [found[1], *_PART.findall(found[2])]
        if len(path) > DEEPEST:
            raise ValueError(f"a name nests deeper than {DEEPEST}")
        _put(body, path, text)
    shaped: dict[str, Any] = _shaped(body, schema)
    return shaped


def _put(node: dict[str, Any], path: list[str], text: str) -> None:
    for part in path[:-1]:
        below = node.setdefault(part or str(len(node)), {})
        if not isinstance(below, dict):
            # The name had a text before: the nested value replaces it.
            below = node[part] = {}
        node = below
    last = path[-1] or str(len(node))
    known = node.get(last)
    node[last] = [*known, text] if isinstance(known, list) else [text]


def _shaped(value: Any, schema: Mapping[str, Any]) -> Any:
    """Convert to texts, objects and lists by the schema."""
    is_list = schema.get("type") == "array"
    if isinstance(value, list):
        return value if is_list else value[-1]
    if is_list:
        return [_shaped(part, schema.get("items", {})) for part in value.values()]
    properties = schema.get("properties", {})
    return {name: _shaped(part, properties.get(name, {})) for name, part in value.items()}
