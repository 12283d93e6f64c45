"""The sheet for a Solutions Engineer: the partner programme's requirements, each passed, failed, or for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import yaml

from contracts.kit.findings import Result
from contracts.kit.reports.as_html import badge, head, table
from contracts.kit.reports.gathered import Judged, Report


class Verdict(StrEnum):
    """What can be said of a requirement."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    PERSON = "needs a person"


_CLASSES = {Verdict.PASS: Result.PASSED, Verdict.FAIL: Result.FAILED, Verdict.PERSON: Result.NOT_RUN}


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement and what the run says about it.

    :param cases: the ids that the verdict rests on.
    """

    id: str
    text: str
    verdict: Verdict
    why: str
    cases: tuple[str, ...]


@cache
def programme() -> Mapping[str, Any]:
    """The requirements as data."""
    text = (files("contracts") / "requirements" / "partner-programme.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def rows(report: Report) -> tuple[Row, ...]:
    """All requirements in the programme's own order."""
    return tuple(_row(requirement, report.judged) for requirement in programme()["requirements"])


def render(report: Report) -> str:
    """The sheet as one page, of the same make as the report."""
    return "\n".join(_page(report)) + "\n"


def _row(requirement: Mapping[str, Any], judged: Sequence[Judged]) -> Row:
    verdict: Verdict
    why: str
    cases: tuple[str, ...]
    if "person" in requirement:
        verdict, why, cases = Verdict.PERSON, requirement["person"], ()
    elif "one_of" in requirement:
        every = [_judged(prefixes, judged) for prefixes in requirement["one_of"]]
        verdict, why, cases = next((one for one in every if one[0] is Verdict.PASS), every[0])
    else:
        verdict, why, cases = _judged(requirement["cases"], judged)
    return Row(requirement["id"], requirement["text"], verdict, why, cases)


def _judged(prefixes: Sequence[str], judged: Sequence[Judged]) -> tuple[Verdict, str, tuple[str, ...]]:
    about = [one for one in judged if one.case.id.startswith(tuple(prefixes))]
    ids = tuple(one.case.id for one in about)
    failed = [one.case.id for one in about if one.outcome.result is Result.FAILED]
    if failed:
        return Verdict.FAIL, f"Failed: {', '.join(failed)}.", ids
    # Green is only what has been seen: one case that was not judged leaves the requirement open.
    gaps = [one.case.id for one in about if one.outcome.result in {Result.NOT_RUN, Result.NOT_APPLICABLE}]
    absent = [prefix for prefix in prefixes if not any(case_id.startswith(prefix) for case_id in ids)]
    if gaps or absent:
        return Verdict.PERSON, f"Not judged in this run: {', '.join(gaps + absent)}. Run them, or show it.", ids
    warned = [one.case.id for one in about if one.outcome.result is Result.WARNING]
    return Verdict.PASS, f"With warnings: {', '.join(warned)}." if warned else "", ids


def _page(report: Report) -> Iterator[str]:
    subject, found = report.started.subject, programme()
    yield from head(f"Partner requirements: {subject}")
    yield f"<h1>Partner requirements: {escape(subject)}</h1>"
    yield (
        f'<p class="dim">In the order of <a href="{escape(found["url"])}">{escape(found["source"])}</a>, in our words. '
        "To pass is to pass against tpmock, an unofficial mock; the evidence level of every case is in the report. "
        "What was not seen is never green.</p>"
    )
    cells = (
        (escape(row.id), escape(row.text), _badge(row.verdict), escape(row.why), escape(", ".join(row.cases)))
        for row in rows(report)
    )
    yield table(("requirement", "what", "result", "why", "cases"), cells)
    yield "</body>\n</html>"


def _badge(verdict: Verdict) -> str:
    return badge(_CLASSES[verdict], verdict)
