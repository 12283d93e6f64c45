"""Findings of a case as plain text, for reports that have one place for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tpmock.kit.reports.readable.derived import OPEN, PERSON, UNJUDGED, Data, requirement_rows


def reasons(case: Data) -> str:
    """Return every breach in full, with the exchanges behind it, the requirement and its clause."""
    return "\n".join(_lines(case))


def headline(case: Data) -> str:
    """Return the first breach, or why nothing was judged, on one line."""
    breach = next((finding for finding in case["findings"] if not finding["passed"]), None)
    if breach is None:
        return " ".join(case["reason"].split())
    return " ".join(f"{breach['check']}: expected {breach['expected']}; found {breach['found']}".split())


def gaps(run: Data) -> str:
    """Return the page about the limits of a run, as Markdown."""
    cases = run["cases"]
    assumed = [
        f"- {one['id']} {one['title']} ({one['clause']['url']})" for one in cases if one["evidence"] == "assumed"
    ]
    unjudged = [
        f"- {one['id']} {one['title']}: {one['result']}. {one['excuse'] or one['reason']}"
        for one in cases
        if one["result"] in OPEN or one["excuse"]
    ]
    said = {
        verdict: [
            f"- {row['id']}: {row['text']}. {row['why']}" for row in requirement_rows(run) if row["verdict"] == verdict
        ]
        for verdict in (UNJUDGED, PERSON)
    }
    lines = [
        *("# What this pack does not prove", ""),
        *(
            "All results were observed against a mock. The evidence level of a case says how sure its requirement is.",
            "",
        ),
        *("## Assumed requirements", "", *assumed, ""),
        *("## Not judged, or excused", "", *unjudged, ""),
        *("## Requirements that were not judged", "", *said[UNJUDGED], ""),
        *("## For a person", "", *said[PERSON]),
    ]
    return "\n".join(lines) + "\n"


def _lines(case: Data) -> Iterator[str]:
    if case["excuse"]:
        yield f"expected result {case['result']}: {case['excuse']}"
    if case["reason"]:
        yield case["reason"]
    for finding, exchanges in _evidence(case):
        yield f"{finding['check']} ({finding['level']})"
        for name in ("expected", "found", "where"):
            yield f"  {name:<9} {finding[name]}"
        yield f"  to do     {finding['advice']}"
        yield from (f"  {_exchange(exchange)}" for exchange in exchanges)
    yield f"requirement: {case['requirement']}"
    clause = case["clause"]
    yield f"clause: {clause['source']}, {clause['section']} ({case['evidence']}): {clause['url']}"


def _evidence(case: Data) -> Iterator[tuple[Data, Sequence[Data]]]:
    """Each breach, with the exchanges behind it that none before it has shown."""
    shown: list[Data] = []
    for finding in case["findings"]:
        if not finding["passed"]:
            exchanges = case["exchanges"] if finding["exchanges"] is None else finding["exchanges"]
            yield finding, [exchange for exchange in exchanges if exchange not in shown]
            shown += exchanges


def _exchange(exchange: Data) -> str:
    number = "" if exchange["number"] is None else f"#{exchange['number']} "
    status = "no answer" if exchange["status"] is None else exchange["status"]
    return f"{number}{exchange['what']} -> {status}" + (f" ({exchange['note']})" if exchange["note"] else "")
