"""Accessibility as axe-core checks it, which comes inside a Python package."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: What axe-core calls an obstacle for people.
GRAVE = ("serious", "critical")


def obstacles(page: Page) -> list[str]:
    """Return what keeps users from using the page."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
