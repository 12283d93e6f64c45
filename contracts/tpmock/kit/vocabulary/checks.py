"""The vocabulary of checks: what a case can demand. One plain function a check, named as in the case files.

Each takes the observation and its arguments, and returns findings, passed or not: never a plain boolean.
What it means is in ``schemas/case.json``; where to look, why it matters and how to fix it in ``cases/checks.yaml``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from msgspec.structs import replace
from tpmock.common import package_data
from tpmock.kit.cases.case_files import CaseCheck, read_yaml, vocabulary
from tpmock.kit.vocabulary.findings import ExchangeSummary, Finding
from tpmock.kit.vocabulary.observation import Observation

_WIDTH = 116

CheckFunction = Callable[[Observation, Any], Iterable[Finding]]
CHECKS: dict[str, CheckFunction] = {}


def check(function: CheckFunction) -> CheckFunction:
    """Register a function as a check, by its name without the underscore."""
    CHECKS[function.__name__.removeprefix("_")] = function
    return function


def judge(wanted: CaseCheck, seen: Observation, args: Any) -> tuple[Finding, ...]:
    """Return the findings of one check of a case.

    :param args: what the case says to the check, with all placeholders filled
    """
    texts = _texts()[wanted.name]
    return tuple(
        replace(
            finding,
            check=wanted.name,
            level=wanted.level,
            where=finding.where or texts["where"],
            # What only a breach has is left out when there is none.
            advice="" if finding.passed else finding.advice or texts["advice"],
            exchanges=() if finding.passed else finding.exchanges,
        )
        for finding in CHECKS[wanted.name](seen, args)
    )


def explanation(name: str) -> str:
    """Return the explanation page of a check: what it means, why it matters, how to fix a breach."""
    texts = _texts()[name]
    parts = (f"{vocabulary('check')[name]}.", f"Why it matters: {texts['why']}", f"How to fix: {texts['fix']}")
    return "\n\n".join(textwrap.fill(part, _WIDTH) for part in parts)


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    read: dict[str, dict[str, str]] = read_yaml(package_data.path("cases", "checks.yaml"))
    return read


def finding(
    passed: bool,  # noqa: FBT001 - the first thing that a finding says
    expected: str,
    found: str,
    where: str = "",
    advice: str = "",
    exchanges: tuple[ExchangeSummary, ...] | None = None,
) -> Finding:
    """Return a finding of the check that calls; ``where`` and ``advice`` are the check's own by default."""
    return Finding(
        check="", passed=passed, expected=expected, found=found, where=where, advice=advice, exchanges=exchanges
    )
