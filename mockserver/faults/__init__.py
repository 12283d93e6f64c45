"""Scripted misbehaviour: which calls it strikes, what goes wrong with them, and when it is over."""

from __future__ import annotations

from mockserver.faults.effects import KINDS, Effect, Kind
from mockserver.faults.matching import Exchange, Match
from mockserver.faults.model import Fault, Faults, FaultsState, Script, Strike

__all__ = ["KINDS", "Effect", "Exchange", "Fault", "Faults", "FaultsState", "Kind", "Match", "Script", "Strike"]
