"""Shapes that a JSON Schema describes, and those that a value has: members, nulls, lists empty and full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def documented(schema: Schema, place: str = "") -> Iterator[str]:
    """Every shape that a schema describes, as ``.tags[].value``, ``.reply = null`` or ``.tags = []``."""
    kinds = _kinds(schema)
    if "null" in kinds:
        yield f"{place} = null"
    if "array" in kinds:
        if not schema.get("minItems"):
            yield f"{place} = []"
        yield f"{place}[]"
        yield from documented(schema.get("items", {}), f"{place}[]")
    for name, inner in _members(schema).items():
        yield f"{place}.{name}"
        yield from documented(inner, f"{place}.{name}")


def seen(schema: Schema, value: Any, place: str = "") -> Iterator[str]:
    """The shapes of a schema that a value has."""
    if value is None:
        yield f"{place} = null"
    elif isinstance(value, list):
        yield f"{place}[]" if value else f"{place} = []"
        for item in value:
            yield from seen(schema.get("items", {}), item, f"{place}[]")
    elif isinstance(value, dict):
        known = _members(schema)
        for name, inner in value.items():
            spelled = name if name in known or "*" not in known else "*"
            if inner is not None:
                yield f"{place}.{spelled}"
            yield from seen(known.get(spelled, {}), inner, f"{place}.{spelled}")


def _kinds(schema: Schema) -> tuple[str, ...]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _members(schema: Schema) -> dict[str, Schema]:
    """The members of an object; ``*`` stands for those of any name."""
    members = dict(schema.get("properties", {}))
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, ()):
            members |= _members(part)
    if isinstance(schema.get("additionalProperties"), Mapping):
        members["*"] = schema["additionalProperties"]
    return members
