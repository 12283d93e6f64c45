"""Invariants, and the checks of the vocabulary that test them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tpmock.common import package_data
from tpmock.kit.cases import case_files
from tpmock.kit.cases.case_files import Case

PLAN = "generated"


_CHAPTER = case_files.read_yaml(package_data.path("cases", "invariants.yaml"))

INVARIANTS: tuple[Case, ...] = tuple(case_files.case_of(PLAN, _CHAPTER, case) for case in _CHAPTER["cases"])
"""Cases without a "when", which is generated."""

# Trustpilot did the work, and its answer was lost.
_LOST = "email-invitations cut after"
_BY_CHECK = {case.then[0].name: case for case in INVARIANTS}
# A subject that crashes, hangs or cannot be reached fails on an event.
_FAILURE = _BY_CHECK["no_failure"]


def broken_by(check: str) -> Case:
    """Return the invariant that a breach of a check breaks; what the runner itself has found is a failure."""
    return _BY_CHECK.get(check, _FAILURE)


def demanded(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the checks that a history must pass, as in a case file.

    Where Trustpilot fails, or the same order comes twice at the same moment, as it does in a replay, a 5xx asks for
    another try and is right. Where its answer was lost, a subject may send again, if it claims to.
    """
    at_once = [args for step in steps for args in step.values() if isinstance(args, dict) and args.get("at_once")]
    may_fail = bool(at_once) or any({"fault", "world"} & step.keys() for step in steps)
    choice = {"needs": ["at-most-once"]} if {"fault": _LOST} in steps else {}
    return [
        {name: True, **(choice if name == "once" else {})}
        for name in _BY_CHECK
        if not (may_fail and name == "no_failure")
    ]
