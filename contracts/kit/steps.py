"""All steps, whichever module they are in."""

from __future__ import annotations

from contracts.kit import api_steps, event_steps
from contracts.kit.stage import STEPS, NotApplicableError, NotAsSaidError, NotRunError, Stage

MODULES = (event_steps, api_steps)
"""Each enters its steps into the vocabulary when it is imported."""

__all__ = ["MODULES", "STEPS", "NotApplicableError", "NotAsSaidError", "NotRunError", "Stage"]
