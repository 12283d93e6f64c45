"""The vendors' own lists, such as categories and countries: data that no sandbox can change."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from contracts.spec import compiled
from mockserver import shipped


@cache
def read(name: Literal["categories", "countries", "locales", "segment-catalog", "stars"]) -> Any:
    """A list, read once when it is first asked for. Nobody may change what comes back."""
    return compiled.content(shipped.path("reference", f"{name}.yaml"))
