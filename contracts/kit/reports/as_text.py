"""What is wrong in a case, as plain text, for reports that have one place for it."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.kit.findings import Exchange
from contracts.kit.reports.gathered import Judged


def reasons(one: Judged) -> str:
    """Every breach in full, with the exchanges behind it, the requirement and its clause."""
    return "\n".join(_lines(one))


def headline(one: Judged) -> str:
    """The first breach, or why nothing was judged, on one line."""
    breach = next(iter(one.outcome.breaches), None)
    if breach is None:
        return " ".join(one.outcome.reason.split())
    return " ".join(f"{breach.check}: expected {breach.expected}; found {breach.found}".split())


def line(exchange: Exchange) -> str:
    """An exchange on one line."""
    number = "" if exchange.number is None else f"#{exchange.number} "
    status = "no answer" if exchange.status is None else exchange.status
    return f"{number}{exchange.what} -> {status}" + (f" ({exchange.note})" if exchange.note else "")


def _lines(one: Judged) -> Iterator[str]:
    if one.outcome.excuse:
        yield f"expected to come to {one.outcome.result}: {one.outcome.excuse}"
    if one.outcome.reason:
        yield one.outcome.reason
    shown: set[Exchange] = set()
    for finding in one.outcome.breaches:
        yield f"{finding.check} ({finding.level})"
        for name in ("expected", "found", "where"):
            yield f"  {name:<9} {getattr(finding, name)}"
        yield f"  to do     {finding.advice}"
        exchanges = one.outcome.exchanges if finding.exchanges is None else finding.exchanges
        yield from (f"  {line(exchange)}" for exchange in exchanges if exchange not in shown)
        shown.update(exchanges)
    clause = one.case.clause
    yield f"requirement: {one.case.requirement}"
    yield f"clause: {clause.source}, {clause.section} ({one.case.evidence}): {clause.url}"
