"""Reads a world file: one readable YAML document in which ``${name}`` stands for a credential of the sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from contracts.spec import compiled
from mockserver import shipped
from mockserver.chance import Chance

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")

_PARTS = {
    *("business_units", "business_users", "partners", "applications", "templates", "consumers", "service_reviews"),
    *("product_reviews", "products", "locations", "segment"),
}


class WorldFileError(Exception):
    """A world file cannot be used. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class WorldFile:
    """A seed for sandboxes.

    :param own: credentials that differ in every sandbox but the default one
    :param shared: credentials that are the same everywhere
    :param content: everything else, placeholders in it
    """

    own: Mapping[str, str]
    shared: Mapping[str, str]
    content: Mapping[str, Any]

    def credentials(self, secrets: Chance | None) -> dict[str, str]:
        """The credentials of a sandbox, in the file's form.

        :param secrets: where a sandbox's own come from; None for the default sandbox, which has those of the file
        """
        own = self.own if secrets is None else {name: _alike(value, secrets) for name, value in self.own.items()}
        return {**own, **self.shared}

    def seed(self, credentials: Mapping[str, str]) -> dict[str, Any]:
        """The content with ``credentials`` in the places of the placeholders."""
        filled = _fill(self.content, credentials)
        return dict(filled)


def _alike(example: str, secrets: Chance) -> str:
    """A new credential of the example's form: a prefix kept, a UUID for a UUID, else hexadecimal digits."""
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", example):
        return secrets.uuid()
    prefix = match[0] if (match := re.match(r"[a-z]{3}-", example)) else ""
    return prefix + secrets.hexadecimal(len(example) - len(prefix))


def _fill(value: Any, credentials: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: credentials[match[1]], value) if "${" in value else value
    if isinstance(value, dict):
        return {_fill(key, credentials): _fill(part, credentials) for key, part in value.items()}
    if isinstance(value, list):
        return [_fill(part, credentials) for part in value]
    return value


def parse(text: str) -> WorldFile:
    """Read a world file from YAML, or from JSON, which begins with a brace and is read much faster.

    :raises WorldFileError: with a sentence, when it is no world file
    """
    try:
        if text.startswith("{"):
            raw = json.loads(text)
        else:
            import yaml  # noqa: PLC0415 - late, as an installed program may never read YAML

            raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        return _built(raw)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WorldFileError(
            f"This is no world file ({error!r}): compare it with fixtures/worlds/default.yaml."
        ) from None


def _built(raw: Any) -> WorldFile:
    credentials = raw.pop("credentials")
    file = WorldFile(credentials["own"], credentials["shared"], raw)
    missing = sorted(_PARTS - raw.keys())
    if missing:
        raise WorldFileError(f"The world file lacks {', '.join(missing)}; an empty list will do.")
    return file


def read(path: Path) -> WorldFile:
    """Read a world file from the disk.

    :raises WorldFileError: with a sentence, when it cannot be read or is no world file
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WorldFileError(f"{path} cannot be read: {error}.") from None


def write(file: WorldFile) -> str:
    """A world file as JSON, one entry a line, so that it can be read by a person and compared by a tool."""
    parts = [f'"credentials": {json.dumps({"own": dict(file.own), "shared": dict(file.shared)})}']
    for name, part in file.content.items():
        entries = part if isinstance(part, list) else None
        if entries is None:
            parts.append(f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}")
        else:
            lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
            parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
    return "{" + ",\n".join(parts) + "}\n"


@lru_cache(maxsize=1)
def default() -> WorldFile:
    """The world that is shipped."""
    return _built(compiled.content(shipped.path("worlds", "default.yaml")))
