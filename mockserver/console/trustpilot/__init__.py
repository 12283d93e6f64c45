"""The Trustpilot side of a sandbox: who has which plan, what was written, who may log in, who is told."""

from __future__ import annotations

from typing import Final

from mockserver.console.trustpilot import people, reviews, units, webhooks
from mockserver.console.trustpilot.room import pages

__all__ = ["TITLE", "pages", "people", "reviews", "units", "webhooks"]

TITLE: Final = "Trustpilot"
