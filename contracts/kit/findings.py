"""What a check has to say, and what a case comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from contracts.kit.cases import Level

if TYPE_CHECKING:
    from contracts.kit.transcript import Record


class Result(StrEnum):
    """What a case comes to."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    NOT_RUN = "not-run"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, in short.

    :param number: the entry in the sandbox's journal; None for a post of the kit itself, which no journal sees.
    :param status: None when no answer came.
    :param note: a hint, an error or the message of the answer; may be empty.
    """

    number: int | None
    what: str
    status: int | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found, whether it is content or not.

    :param expected: what should be, in a half-sentence.
    :param found: what is, likewise.
    :param where: where to look.
    :param advice: what to do about it; empty when the check passed.
    :param exchanges: the evidence of a breach; None means: everything that was exchanged.
    """

    check: str
    passed: bool
    expected: str
    found: str
    where: str
    advice: str = ""
    level: Level = Level.MUST
    exchanges: tuple[Exchange, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a case came to, and why.

    :param reason: why it was not judged, or on how much it was; may be empty.
    :param excuse: why it was expected not to pass; empty when it was not.
    :param exchanges: what was exchanged, in short; only kept when something is wrong.
    :param records: what was exchanged, in full.
    :param orders: how many orders the case sent.
    """

    result: Result
    findings: tuple[Finding, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    reason: str = ""
    excuse: str = ""
    milliseconds: float = 0.0
    records: tuple[Record, ...] = ()
    orders: int = 0

    @property
    def breaches(self) -> tuple[Finding, ...]:
        """The findings that something is wrong."""
        return tuple(finding for finding in self.findings if not finding.passed)


def result_of(findings: tuple[Finding, ...]) -> Result:
    """The result that follows from the findings: one broken must is a failure, one broken should a warning."""
    broken = {finding.level for finding in findings if not finding.passed}
    if Level.MUST in broken:
        return Result.FAILED
    return Result.WARNING if Level.SHOULD in broken else Result.PASSED
