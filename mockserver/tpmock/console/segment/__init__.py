"""Pages of "Segment": delivery overview, debugger, sources, destinations and audiences."""

from __future__ import annotations

from typing import Final

from tpmock.console.segment import audiences, destinations, events, overview, sources
from tpmock.console.segment.blueprint import pages
from tpmock.console.segment.destinations import SAMPLES

__all__ = ["SAMPLES", "TITLE", "audiences", "destinations", "events", "overview", "pages", "sources"]

TITLE: Final = "Segment"
