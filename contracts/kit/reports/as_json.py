"""The report for programs: one JSON document when the run is over."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, TextIO

from contracts.kit.findings import Finding, Outcome
from contracts.kit.reports.figures import Figures
from contracts.kit.reports.gathered import Gathering, Judged, Report


class JsonReport(Gathering):
    """Prints ``{"summary": {...}, "cases": [...]}`` and nothing else.

    :param out: where to.
    """

    def __init__(self, out: TextIO) -> None:
        super().__init__(lambda report: out.write(render(report)))


def render(report: Report, figures: Figures | None = None) -> str:
    """The document as text.

    :param figures: calls per order and coverage, when they were counted.
    """
    return json.dumps(document(report, figures), ensure_ascii=False, indent=2) + "\n"


def document(report: Report, figures: Figures | None = None) -> dict[str, Any]:
    """The document as data."""
    started = report.started
    summary = {
        "plan": started.plan,
        "subject": started.subject,
        "seed": started.seed,
        "cases": len(report.judged),
        **report.counts,
        "milliseconds": round(report.finished.milliseconds, 1),
        "impossible": report.finished.impossible,
    }
    if figures is not None:
        summary |= {"orders": figures.orders, "calls": figures.calls, "callsPerOrder": figures.per_order}
    found = {"summary": summary, "cases": [_case(one) for one in report.judged]}
    return found if figures is None else found | {"coverage": [asdict(one) for one in figures.touched]}


def _case(one: Judged) -> dict[str, Any]:
    return {
        "id": one.case.id,
        "plan": one.case.plan,
        "title": one.case.title,
        "result": one.outcome.result,
        "evidence": one.case.evidence,
        "clause": asdict(one.case.clause),
        **_outcome(one.outcome),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "reason": outcome.reason,
        "excuse": outcome.excuse,
        "findings": [_finding(finding) for finding in outcome.findings],
        "exchanges": [asdict(exchange) for exchange in outcome.exchanges],
        "milliseconds": round(outcome.milliseconds, 1),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "exchanges"}
