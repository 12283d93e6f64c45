"""Expected results: cases that are expected not to pass, each with a reason, in a file kept with the code.

An expected result is excused. An expected result that does not occur is a failure: the entry is out of date,
or the case has lost its effect.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec.structs import replace
from tpmock.common.one_line import one_line
from tpmock.kit.vocabulary.findings import CaseOutcome, Finding, Result

_EXPECTABLE = (Result.FAILED, Result.WARNING, Result.NOT_RUN, Result.NOT_APPLICABLE)
_MEMBERS = {"case", "result", "reason"}


class ExpectationError(Exception):
    """The file cannot be used; the text says where and why."""


class Expectation(msgspec.Struct, frozen=True):
    """One case that is expected not to pass."""

    case: str
    result: Result
    reason: str


def load(file: Path, known: Collection[str]) -> dict[str, Expectation]:
    """Read a list of ``{case, result, reason}``, as YAML or JSON."""
    try:
        listed = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as problem:
        raise ExpectationError(f"{file}: cannot be read: {one_line(problem)}") from problem
    if not isinstance(listed, list):
        raise ExpectationError(f"{file}: a list of entries with case, result and reason is expected.")
    found: dict[str, Expectation] = {}
    for index, item in enumerate(listed):
        entry = _entry(item, f"{file}, entry {index + 1}")
        if entry.case not in known:
            raise ExpectationError(f"{file}, entry {index + 1}: no case has the id {entry.case}.")
        if entry.case in found:
            raise ExpectationError(f"{file}, entry {index + 1}: {entry.case} is listed twice.")
        found[entry.case] = entry
    return found


def weighed(outcome: CaseOutcome, expectation: Expectation | None) -> CaseOutcome:
    """Return an outcome after comparing it with the expected result."""
    if expectation is None:
        return outcome
    if outcome.result is expectation.result:
        return replace(outcome, excuse=expectation.reason)
    stale = Finding(
        check="expectation",
        passed=False,
        expected=f"{expectation.result}, because: {expectation.reason}",
        found=str(outcome.result),
        where="the list of expected results",
        advice="Remove the entry from the list, or find out why the case no longer fails.",
    )
    return replace(outcome, result=Result.FAILED, findings=(*outcome.findings, stale))


def _entry(item: Any, place: str) -> Expectation:
    if not isinstance(item, dict) or set(item) != _MEMBERS or not all(isinstance(each, str) for each in item.values()):
        raise ExpectationError(f"{place}: texts case, result and reason are expected, and nothing else.")
    if item["result"] not in set(_EXPECTABLE):
        raise ExpectationError(f"{place}: result must be {', '.join(_EXPECTABLE)}, not {item['result']}.")
    if not item["reason"].strip():
        raise ExpectationError(f"{place}: the reason is empty.")
    return Expectation(item["case"], Result(item["result"]), item["reason"].strip())
