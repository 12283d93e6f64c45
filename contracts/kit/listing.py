"""What there is to run, listed for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from contracts.kit import kill_matrix
from contracts.kit.cases import Case, choices, load_plan


def cases(chosen: Sequence[Case], *, as_json: bool) -> str:
    """Some cases; for programs also every plan with how many cases it has."""
    if not as_json:
        return "\n".join(f"{case.id}  {case.title} ({case.evidence})" for case in chosen)
    found = [{"id": one.id, "plan": one.plan, "title": one.title, "evidence": one.evidence} for one in chosen]
    plans = [{"plan": plan, "cases": len(load_plan(plan))} for plan in choices()]
    return json.dumps({"plans": plans, "cases": found}, indent=1)


def mutants(*, as_json: bool) -> str:
    """Every program that is wrong on purpose."""
    if as_json:
        return json.dumps(kill_matrix.document(), indent=1)
    return "\n".join(kill_matrix.lines())
