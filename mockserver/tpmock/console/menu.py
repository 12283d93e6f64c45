"""The side menu: the pages of the console in three groups."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from tpmock.console import connect, contract, controls, coverage, inspector, orders, outbox, segment, trustpilot

#: Groups of the side menu, each a question and its pages. A page is a package or module with ``TITLE`` and ``pages``.
GROUPS: Final[tuple[tuple[str, tuple[ModuleType, ...]], ...]] = (
    ("What happened", (orders, outbox, inspector)),
    ("What is set up", (segment, trustpilot, contract, coverage)),
    ("What to do", (controls, connect)),
)
#: All pages of the menu, in its order.
PAGES: Final = tuple(page for _, pages in GROUPS for page in pages)
