"""Fault injection: fault kinds, their one-line syntax, matching, expiry, and broken connections.

It may import ``tpmock.journal`` and the packages below it.
It does not handle requests, answers or vendors' rules: the server and the sender apply the faults it finds.
"""

from __future__ import annotations

from tpmock.faults.effects import KINDS, Effect, Kind
from tpmock.faults.model import Exchange, Fault, FaultHit, Faults, FaultsState, Match, Script

__all__ = ["KINDS", "Effect", "Exchange", "Fault", "FaultHit", "Faults", "FaultsState", "Kind", "Match", "Script"]
