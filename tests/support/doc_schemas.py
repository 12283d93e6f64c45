"""The members of files that a JSON Schema describes, as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tpmock.common import package_data

from tests.support.tables import table

Schema = dict[str, Any]


class Members:
    """The tables of one schema: the document itself, and each object of it that has a name."""

    def __init__(self, schema: Schema) -> None:
        self._definitions: Schema = schema.get("$defs", {})
        self._named: dict[str, Schema] = {}
        self._root = schema

    def sections(self) -> Iterator[str]:
        """Yield the table of the document, then one for each named object."""
        yield table("member", "value", "meaning", rows=self._rows(self._root, ""))
        done: set[str] = set()
        while waiting := [name for name in self._named if name not in done]:
            name = waiting[0]
            done.add(name)
            rows = list(self._rows(self._named[name], ""))
            yield f"### {name}\n\n{table('member', 'value', 'meaning', rows=rows)}"

    def _rows(self, schema: Schema, prefix: str) -> Iterator[tuple[str, str, str]]:
        required = set(schema.get("required", ()))
        for name, part in schema.get("properties", {}).items():
            inner, reference = self._resolved(part)
            meaning = str(part.get("description") or inner.get("description") or "").rstrip(".")
            words = "required" if name in required else ""
            yield (
                f"`{prefix}{name}`",
                ", ".join(filter(None, (self._value(inner, reference), words))),
                f"{meaning}." if meaning else "",
            )
            if not reference and inner.get("properties"):
                yield from self._rows(inner, f"{prefix}{name}.")

    def _resolved(self, part: Schema) -> tuple[Schema, str]:
        """Return what a part refers to, and its name if it is an object with members."""
        if "$ref" not in part:
            return part, ""
        name = part["$ref"].rpartition("/")[2]
        target = self._definitions[name]
        if target.get("properties"):
            self._named.setdefault(name, target)
            return target, name
        return target, ""

    def _value(self, schema: Schema, reference: str) -> str:
        """Return what a value may be."""
        if reference:
            return f"[{reference}](#{reference})"
        if "enum" in schema:
            return ", ".join(f"`{one}`" for one in schema["enum"])
        if "const" in schema:
            return f"`{json.dumps(schema['const'])}`"
        if schema.get("type") == "array":
            return f"list of {self._value(*self._resolved(schema.get('items', {}))) or 'values'}"
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(self._value(*self._resolved(one)) for one in schema["anyOf"]))
        kind = schema.get("type", "any")
        return " or ".join(kind) if isinstance(kind, list) else str(kind)


def members(name: str) -> str:
    """Return the tables of the schema ``name``."""
    schema = json.loads(package_data.path("schemas", f"{name}.json").read_text(encoding="utf-8"))
    return "\n\n".join(Members(schema).sections())
