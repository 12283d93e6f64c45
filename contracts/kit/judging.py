"""The vocabulary of checks: what a case can demand. One plain function a check, named as in the case files.

Each takes what was seen and what the case tells it, and returns findings, content or not: never a bare yes or no.
Its docstring is its explanation page: what it means, why it matters, how to fix a breach.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from contracts.kit.cases import Check
from contracts.kit.findings import Exchange, Finding
from contracts.kit.observation import Observation

Judge = Callable[[Observation, Any], Iterable[Finding]]
CHECKS: dict[str, Judge] = {}


def check(judge_one: Judge) -> Judge:
    """Enter a function into the vocabulary, by its name without the underscore."""
    CHECKS[judge_one.__name__.removeprefix("_")] = judge_one
    return judge_one


def judge(wanted: Check, seen: Observation, told: Any) -> tuple[Finding, ...]:
    """The findings of one check of a case.

    :param told: what the case tells the check, with all placeholders filled.
    """
    return tuple(replace(finding, check=wanted.name, level=wanted.level) for finding in CHECKS[wanted.name](seen, told))


def explanation(name: str) -> str:
    """The explanation page of a check."""
    return inspect.getdoc(CHECKS[name]) or ""


def finding_of(
    *, passed: bool, expected: str, found: str, where: str, advice: str, exchanges: tuple[Exchange, ...] | None = None
) -> Finding:
    """A finding of the check that calls; what only a breach has is left out when there is none."""
    return Finding(
        check="", passed=passed, expected=expected, found=found, where=where, advice="" if passed else advice,
        exchanges=() if passed else exchanges,
    )  # fmt: skip
