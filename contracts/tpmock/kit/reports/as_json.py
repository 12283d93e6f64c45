"""The report for programs: one JSON document when the run is over; all other reports are made from the same data."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TextIO

import msgspec
import yaml
from tpmock import spec
from tpmock.common import package_data
from tpmock.common.version import __version__
from tpmock.kit.cases.case_files import Case
from tpmock.kit.reports.collector import Collector, RunReport
from tpmock.kit.reports.readable import derived
from tpmock.kit.reports.readable.members import FORMAT
from tpmock.kit.run.run_events import CaseFinished

_APIS = ("trustpilot", "segment-tracking", "segment-destination")
# Full exchanges, and data that is the same in every run, are for evidence packs.
_IN_PACKS_ONLY = ("run", "contract", "requirements")
_CASE = ("id", "plan", "chapter", "title", "requirement", "evidence", "clause")


def json_report(out: TextIO) -> Collector:
    """Return a listener that prints ``{"summary": {...}, "cases": [...]}`` and nothing else."""
    return Collector(lambda report: out.write(render(report)))


def render(report: RunReport) -> str:
    """Return the document without the exchanges in full, as text."""
    found = {name: part for name, part in document(report).items() if name not in _IN_PACKS_ONLY}
    found["cases"] = [{name: value for name, value in one.items() if name != "records"} for one in found["cases"]]
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def document(report: RunReport, subject: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return everything that is known of a run, as JSON data.

    :param subject: how to get the subject again: ``kind``, and what the kind needs
    """
    started = report.started
    run = {
        "format": FORMAT,
        "tpmock": __version__,
        "python": platform.python_version(),
        "plan": started.plan,
        "seed": started.seed,
        "subject": {"name": started.subject, **(subject or {})},
        "milliseconds": round(report.finished.milliseconds, 1),
        "impossible": report.finished.impossible,
        "casesDigest": digest_of(one.case for one in report.judged),
    }
    cases = [case_data(one) for one in report.judged]
    return derived.document(
        {"cases": cases, "run": run, "contract": contract_figures(), "requirements": requirements()}
    )


def case_data(one: CaseFinished) -> dict[str, Any]:
    """Return a case and its outcome, as JSON data."""
    outcome: dict[str, Any] = msgspec.to_builtins(one.outcome)
    outcome["milliseconds"] = round(outcome["milliseconds"], 1)
    return {**case_text(one.case), **outcome}


def case_text(case: Case) -> dict[str, Any]:
    """Return the requirement of a case as text for reports."""
    whole = msgspec.to_builtins(case)
    return {name: whole[name] for name in _CASE}


def digest_of(chosen: Iterable[Case]) -> str:
    """Return one digest of the full content of some cases."""
    return hashlib.sha256("\n".join(repr(case) for case in chosen).encode()).hexdigest()


@cache
def requirements() -> Mapping[str, Any]:
    """Return the partner program's requirements as data."""
    text = package_data.path("requirements", "partner-programme.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def contract_figures() -> Mapping[str, Any]:
    """Return how many operations the contract has, and their documented statuses."""
    documents = [spec.load(api).operations for api in _APIS]
    # A destination may answer any status of a class such as 4XX.
    statuses = {name: list(found.responses) for operations in documents for name, found in operations.items()}
    return {"operations": sum(map(len, documents)), "statuses": statuses}
