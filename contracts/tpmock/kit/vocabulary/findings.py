"""Exchanges, findings of checks, and outcomes of cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec
from tpmock.kit.cases.case_files import Level


class ExchangeSummary(msgspec.Struct, frozen=True):
    """One request and its answer, in short.

    :param number: the entry in the sandbox's journal; None for a post of the kit itself, which no journal sees
    :param status: None when no answer came
    :param note: a hint, an error or the message of the answer; may be empty
    """

    number: int | None
    what: str
    status: int | None
    note: str = ""

    def __str__(self) -> str:
        number = "" if self.number is None else f"#{self.number} "
        status = "no answer" if self.status is None else self.status
        return f"{number}{self.what} -> {status}" + (f" ({self.note})" if self.note else "")


class RecordedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer.

    :param number: the entry in the sandbox's journal; None for a post of the kit itself, which no journal sees
    :param operation: the ``operationId`` of the document; None for calls that no document knows
    :param at: when, as ISO 8601; empty for the kit's own posts
    :param status: None when no answer came
    :param fault: whether the case itself added the fault
    """

    number: int | None
    way: str
    api: str
    operation: str | None
    at: str = ""
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str
    milliseconds: float = 0.0
    note: str = ""
    fault: bool = False


class Result(StrEnum):
    """Result of a case."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    NOT_RUN = "not-run"
    NOT_APPLICABLE = "not-applicable"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a check, passed or not.

    :param expected: the expected state, as a part of a sentence
    :param found: the actual state, likewise
    :param advice: what to do about it; empty when the check passed
    :param exchanges: the evidence of a breach; None means: everything that was exchanged
    """

    check: str
    passed: bool
    expected: str
    found: str
    where: str
    advice: str = ""
    level: Level = Level.MUST
    exchanges: tuple[ExchangeSummary, ...] | None = None


class CaseOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a case, and its reason.

    :param reason: why it was not judged, or on how much it was; may be empty
    :param excuse: why it was expected not to pass; empty when it was not
    :param exchanges: what was exchanged, in short; only kept when something is wrong
    :param played: whether the case was begun; False once the run has ended early
    :param of_mock: whether it tests the mock, and says nothing about the subject
    """

    result: Result
    findings: tuple[Finding, ...] = ()
    exchanges: tuple[ExchangeSummary, ...] = ()
    reason: str = ""
    excuse: str = ""
    milliseconds: float = 0.0
    records: tuple[RecordedExchange, ...] = ()
    orders: int = 0
    played: bool = True
    of_mock: bool = False

    @property
    def breaches(self) -> tuple[Finding, ...]:
        """Findings that did not pass."""
        return tuple(finding for finding in self.findings if not finding.passed)

    def evidence(self) -> Iterator[tuple[Finding, list[ExchangeSummary]]]:
        """Each breach, with the exchanges behind it that none before it has shown."""
        shown: set[ExchangeSummary] = set()
        for finding in self.breaches:
            exchanges = self.exchanges if finding.exchanges is None else finding.exchanges
            yield finding, [exchange for exchange in exchanges if exchange not in shown]
            shown.update(exchanges)


def result_of(findings: tuple[Finding, ...]) -> Result:
    """Return the result that follows from the findings: one broken must is a failure, one broken should a warning."""
    broken = {finding.level for finding in findings if not finding.passed}
    if Level.MUST in broken:
        return Result.FAILED
    return Result.WARNING if Level.SHOULD in broken else Result.PASSED
