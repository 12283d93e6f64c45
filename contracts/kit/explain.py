"""Explanation pages: a case or a check in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contracts.kit import cases, checks
from contracts.kit.cases import Case, Level, Step
from contracts.kit.wording import spelled


class UnknownTopicError(Exception):
    """Neither a case nor a check has that name."""


def page(topic: str, plan: Iterable[Case]) -> str:
    """What a case or a check means.

    :param topic: the id of a case, or the name of a check.
    :raises UnknownTopicError: when it is neither.
    """
    if topic in checks.CHECKS:
        return f"{topic}\n\n{checks.explanation(topic)}"
    case = next((case for case in plan if case.id == topic), None)
    if case is None:
        raise UnknownTopicError(
            f"{topic} is neither a case (see tpmock test --list) nor a check ({', '.join(checks.CHECKS)})."
        )
    return "\n".join(_case(case))


def _case(case: Case) -> Iterator[str]:
    yield f"{case.id}  {case.title}"
    yield ""
    yield case.requirement
    yield ""
    yield f"From: {case.clause.source}, {case.clause.section} ({case.evidence})"
    yield f"      {case.clause.url}"
    for name, steps in (("Given", case.given), ("When", case.when)):
        yield from _steps(name, steps)
    yield "Then"
    for check in case.then:
        yield f"  - {check.name}: {_told(check.told)}" + (
            "  (a breach is a warning)" if check.level is Level.SHOULD else ""
        )
    for name in dict.fromkeys(check.name for check in case.then):
        yield ""
        yield f"{name}: {checks.explanation(name)}"


def _steps(name: str, steps: Sequence[Step]) -> Iterator[str]:
    if steps:
        yield name
    sentences = cases.vocabulary("step")
    for step in steps:
        yield f"  - {step.name}: {_told(step.told)}"
        yield f"    {sentences[step.name].partition('. ')[0]}."


def _told(told: Any) -> str:
    if isinstance(told, Mapping):
        return ", ".join(f"{name} {_told(value)}" for name, value in told.items())
    return "yes" if told is True else spelled(told)
