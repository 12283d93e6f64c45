"""The report for programs: one JSON document when the run is over."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, TextIO

from contracts.kit.findings import Finding, Outcome, Result
from contracts.kit.run_events import CaseFinished, RunEvent, RunFinished, RunStarted


class JsonReport:
    """Prints ``{"summary": {...}, "cases": [...]}`` and nothing else.

    :param out: where to.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._head: dict[str, Any] = {}
        self._cases: list[dict[str, Any]] = []

    def __call__(self, event: RunEvent) -> None:
        """Take what the run tells."""
        match event:
            case RunStarted():
                self._head = {"plan": event.plan, "subject": event.subject, "seed": event.seed}
            case CaseFinished():
                described = {
                    "id": event.case.id,
                    "plan": event.case.plan,
                    "title": event.case.title,
                    "result": event.outcome.result,
                    "evidence": event.case.evidence,
                    "clause": asdict(event.case.clause),
                }
                self._cases.append(described | _outcome(event.outcome))
            case RunFinished():
                counts = {str(result): event.results[result] for result in Result}
                summary = {
                    **self._head,
                    "cases": len(self._cases),
                    **counts,
                    "milliseconds": round(event.milliseconds, 1),
                    "impossible": event.impossible,
                }
                json.dump({"summary": summary, "cases": self._cases}, self._out, ensure_ascii=False, indent=2)
                self._out.write("\n")
            case _:
                pass


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "reason": outcome.reason,
        "findings": [_finding(finding) for finding in outcome.findings],
        "exchanges": [asdict(exchange) for exchange in outcome.exchanges],
        "milliseconds": round(outcome.milliseconds, 1),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "exchanges"}
