"""Pages of Trustpilot: business units, reviews, users, tokens and webhooks."""

from __future__ import annotations

from typing import Final

from tpmock.console.trustpilot import accounts, reviews, webhooks
from tpmock.console.trustpilot.blueprint import pages

__all__ = ["TITLE", "accounts", "pages", "reviews", "webhooks"]

TITLE: Final = "Trustpilot"
