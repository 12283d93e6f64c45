"""All checks, whichever module they are in."""

from __future__ import annotations

from contracts.kit import api_checks, call_checks, event_checks, history_checks
from contracts.kit.judging import CHECKS, explanation, judge

MODULES = (event_checks, api_checks, call_checks, history_checks)
"""Each enters its checks into the vocabulary when it is imported."""

__all__ = ["CHECKS", "MODULES", "explanation", "judge"]
