"""Plays cases against a design, and tells what is not as it has to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from tpmock.kit.cases.case_files import Case
from tpmock.kit.run.engine import Run
from tpmock.kit.run.run_events import CaseFinished
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.vocabulary.findings import CaseOutcome, Result

from tests.kit.designs.catalogue import Design

# None of these designs keeps its token over a restart, which is recommended.
RECOMMENDED = ("TOK-008",)


class Played(msgspec.Struct, frozen=True):
    """What came of some cases.

    :param wrong: what a right design has to pass and did not, as lines
    :param waited: the waits in real time, as the report has them
    """

    counted: str
    wrong: tuple[str, ...]
    waited: tuple[str, ...]


def played(design: Design, program: str, cases: Sequence[Case], mock: str | None = None) -> Played:
    """Play cases against a design.

    :param program: ``python`` or ``node``
    :param mock: the address of a mock that runs; None starts one
    """
    own = tuple(case for case in cases if "api" not in case.needs)
    run = Run("standard", own, design.subject(program), lambda stack: open_mock(mock, stack), 1)
    ended = [event for event in run.events() if isinstance(event, CaseFinished)]
    counted = Counter(str(event.outcome.result) for event in ended)
    wrong = [line for event in ended for line in _wrong(event, design)]
    waited = tuple(event.outcome.reason for event in ended if "real time" in event.outcome.reason)
    return Played(", ".join(f"{count} {name}" for name, count in counted.items()), tuple(wrong), waited)


def _wrong(event: CaseFinished, design: Design) -> Iterator[str]:
    expected = event.case.id in RECOMMENDED or all(breach.check in design.warned for breach in event.outcome.breaches)
    if not expected or event.outcome.result in {Result.FAILED, Result.NOT_RUN}:
        yield from _said(event.case, event.outcome)


def _said(case: Case, outcome: CaseOutcome) -> Iterator[str]:
    if not outcome.breaches:
        yield f"{case.id} {outcome.result}: {outcome.reason}"
    for breach in outcome.breaches:
        yield f"{case.id} {outcome.result}, {breach.check}: expected {breach.expected}, found {breach.found}"
