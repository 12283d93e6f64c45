"""Pages of "Controls": clock, faults, variants, snapshots, sandboxes, memory and usage."""

from __future__ import annotations

from typing import Final

from tpmock.console.controls import clock, faults, sandboxes, snapshots, usage, variants
from tpmock.console.controls.blueprint import pages

__all__ = ["TITLE", "clock", "faults", "pages", "sandboxes", "snapshots", "usage", "variants"]

TITLE: Final = "Controls"
