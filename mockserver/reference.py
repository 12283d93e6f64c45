"""The vendors' own lists, such as categories and countries: data that no sandbox can change."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from mockserver import shipped


@cache
def read(name: Literal["categories", "countries", "locales", "segment-catalog", "stars"]) -> Any:
    """A list, read once when it is first asked for. Nobody may change what comes back."""
    import yaml  # noqa: PLC0415 - late, as most calls never need these lists

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(shipped.text("reference", f"{name}.yaml"), Loader=loader)  # noqa: S506 - both are safe
