"""The vendors' own lists, such as categories and countries: constant data."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from tpmock.common import compiled, package_data


@cache
def read(
    name: Literal[
        "categories",
        "countries",
        "email-outcomes",
        "fault-kinds",
        "function-globals",
        "locales",
        "segment-catalog",
        "segment-settings",
        "stars",
    ],
) -> Any:
    """Return a list, which is read on first use. Do not modify the result."""
    return compiled.content(package_data.path("reference", f"{name}.yaml"))
