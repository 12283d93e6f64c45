"""Values derived from the facts of a run: counts, calls per order, coverage, and results of partner requirements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tpmock.kit.cases.claims import OPPOSITES
from tpmock.kit.cases.wording import counted

Data = Mapping[str, Any]

#: The results of a case, by weight.
RESULTS: Final = ("passed", "failed", "warning", "not-run", "not-applicable")
#: The results that no finding leads to.
OPEN: Final = ("not-run", "not-applicable")
PASS, FAIL, PERSON, UNJUDGED = "pass", "fail", "needs a person", "not judged"

#: Reasons of cases for the other side of a choice: they leave nothing open.
_OTHER_SIDE: Final = tuple(f"The subject does not claim {name}." for pair in OPPOSITES.items() for name in pair)
_NOT_SUBJECTS: Final = "tpmock-kit"
_COVERED: Final = ("trustpilot", "segment-tracking", "segment-destination")


def document(facts: Data) -> dict[str, Any]:
    """Return the whole document of a run.

    :param facts: its members ``cases``, ``run``, ``contract`` and ``requirements``
    """
    return {
        "summary": _summary(facts),
        "cases": facts["cases"],
        "coverage": _coverage(facts),
        **{name: facts[name] for name in ("run", "contract", "requirements")},
    }


def weighed(case: Data) -> str:
    """Return the result that follows from the findings of a case."""
    broken = {finding["level"] for finding in case["findings"] if not finding["passed"]}
    return "failed" if "must" in broken else "warning" if broken else "passed"


def build_result(case: Data) -> str:
    """Return the result for a build server: an expected failure does not fail the build."""
    return "not-applicable" if case["excuse"] else str(case["result"])


def calls_per_order(summary: Data) -> str:
    """Describe the calls per order in one sentence."""
    calls = ", ".join(f"{count} {name}" for name, count in summary["calls"].items()) or "none"
    return (
        f"{counted(sum(summary['calls'].values()), 'call')} to Trustpilot for {counted(summary['orders'], 'order')}: "
        f"{summary['callsPerOrder']:g} an order, with every fault and repetition of the cases ({calls})."
    )


def coverage_in_words(run: Data) -> str:
    """Describe the coverage of the contract in one sentence."""
    touched = run["coverage"]
    statuses = sum(len(one["seen"]) for one in touched)
    documented = sum(len(one["documented"]) for one in touched)
    return (
        f"{len(touched)} of {run['contract']['operations']} operations of the contract were called, and "
        f"{statuses} of the {documented} statuses that those have were seen."
    )


def requirement_rows(run: Data) -> list[dict[str, Any]]:
    """Return the partner program's requirements in their order, each with its verdict and the cases behind it."""
    return [_row(requirement, run["cases"]) for requirement in run["requirements"]["requirements"]]


def _summary(facts: Data) -> dict[str, Any]:
    about, cases = facts["run"], facts["cases"]
    count = Counter(one["result"] for one in cases if not one.get("of_mock"))
    of_mock = Counter(one["result"] for one in cases if one.get("of_mock"))
    calls = Counter(record["operation"] or "nothing documented" for record in _records(facts) if _is_subjects(record))
    orders = sum(one["orders"] for one in cases)
    return {
        "plan": about["plan"],
        "subject": about["subject"]["name"],
        "seed": about["seed"],
        "cases": len(cases),
        **{result: count[result] for result in RESULTS},
        "ofMock": {result: of_mock[result] for result in RESULTS if of_mock[result]},
        "milliseconds": about["milliseconds"],
        "impossible": about["impossible"],
        "orders": orders,
        "calls": dict(sorted(calls.items())),
        "callsPerOrder": round(calls.total() / orders, 2) if orders else 0.0,
    }


def _is_subjects(record: Data) -> bool:
    """Return whether the subject made a call to Trustpilot, and not the kit."""
    from_journal = record["api"] == "trustpilot" and record["number"] is not None
    return from_journal and record["request_headers"].get("User-Agent") != _NOT_SUBJECTS


def _coverage(facts: Data) -> list[dict[str, Any]]:
    seen: dict[tuple[str, str], Counter[str]] = {}
    for record in _records(facts):
        if record["operation"] and record["api"] in _COVERED and record["status"] is not None:
            seen.setdefault((record["api"], record["operation"]), Counter())[str(record["status"])] += 1
    statuses = facts["contract"]["statuses"]
    return [
        {
            "api": api,
            "operation": operation,
            "documented": statuses.get(operation, []),
            "seen": dict(sorted(count.items())),
        }
        for (api, operation), count in sorted(seen.items())
    ]


def _records(facts: Data) -> Iterator[Data]:
    return (record for one in facts["cases"] for record in one["records"])


def _row(requirement: Data, cases: Sequence[Data]) -> dict[str, Any]:
    ids: list[str]
    if "person" in requirement:
        verdict, why, ids = PERSON, requirement["person"], []
    elif "one_of" in requirement:
        every = [_verdict(prefixes, cases) for prefixes in requirement["one_of"]]
        verdict, why, ids = next((one for one in every if one[0] == PASS), every[0])
    else:
        verdict, why, ids = _verdict(requirement["cases"], cases)
    return {"id": requirement["id"], "text": requirement["text"], "verdict": verdict, "why": why, "cases": ids}


def _verdict(prefixes: Sequence[str], cases: Sequence[Data]) -> tuple[str, str, list[str]]:
    about = [one for one in cases if one["id"].startswith(tuple(prefixes)) and one.get("reason") not in _OTHER_SIDE]
    ids = [one["id"] for one in about]
    failed = [one["id"] for one in about if one["result"] == "failed"]
    if failed:
        return FAIL, f"Failed: {', '.join(failed)}.", ids
    # A requirement passes only when all its cases were judged.
    gaps = [one["id"] for one in about if one["result"] in OPEN]
    absent = [prefix for prefix in prefixes if not any(case_id.startswith(prefix) for case_id in ids)]
    if gaps or absent:
        return UNJUDGED, f"Not judged in this run: {', '.join(gaps + absent)}. Run them, or demonstrate it.", ids
    warned = [one["id"] for one in about if one["result"] == "warning"]
    return PASS, f"With warnings: {', '.join(warned)}." if warned else "", ids
