"""Reads a world file: one readable YAML document in which ``${name}`` stands for a credential of the sandbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from mockserver.chance import Chance

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


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
    """Read a world file from YAML."""
    raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both loaders are safe
    credentials = raw.pop("credentials")
    return WorldFile(credentials["own"], credentials["shared"], raw)


@lru_cache(maxsize=1)
def default() -> WorldFile:
    """The world that is shipped."""
    installed = files("mockserver") / "fixtures" / "worlds" / "default.yaml"
    if installed.is_file():
        return parse(installed.read_text(encoding="utf-8"))
    # A checkout: the data lies beside the packages, and the wheel carries it inside.
    checkout = Path(__file__).resolve().parent.parent / "fixtures" / "worlds" / "default.yaml"
    return parse(checkout.read_text(encoding="utf-8"))
