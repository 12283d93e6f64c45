"""The kill matrix: which check of which case catches which mutant. Made by ``python -m tests.kit.matrix --write``."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.cases.case_files import Case
from tpmock.kit.cases.claims import missing
from tpmock.kit.run.engine import Run
from tpmock.kit.run.run_events import CaseFinished
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.vocabulary.findings import Result
from tpmock.mutants.catalogue import SENTENCES

from tests.kit.in_process import InProcess
from tests.support import ROOT

_CONTRACTS = ROOT / "contracts"
FILE = _CONTRACTS / "tpmock" / "mutants" / "kill_matrix.json"
README = _CONTRACTS / "tpmock" / "kit" / "README.md"
BEGIN, END = "<!-- kill matrix: begin -->", "<!-- kill matrix: end -->"
RIGHT = ("right", "companion", "strict")

Row = dict[str, list[str]]


def mutants() -> list[str]:
    """Every mutant by name; the right ones are none."""
    return [name for name in SENTENCES if name not in RIGHT]


def cases_for(name: str) -> tuple[Case, ...]:
    """The cases that apply to a subject of ours."""
    claims = InProcess(name).claims
    return tuple(case for case in case_files.load_plan(case_files.STANDARD) if not missing(case.needs, claims))


def judged(name: str, api: ControlClient, chosen: Sequence[Case]) -> tuple[Row, set[str]]:
    """Run cases against a subject.

    :returns: the broken checks by case, and the cases that came to no verdict.
    """
    run = Run("standard", chosen, InProcess(name), lambda _stack: api, 1, groups=1, alone=True)
    row: Row = {}
    unjudged = set()
    for event in run.events():
        if isinstance(event, CaseFinished):
            if event.outcome.result in {Result.NOT_RUN, Result.NOT_APPLICABLE}:
                unjudged.add(event.case.id)
            if event.outcome.breaches:
                row[event.case.id] = sorted({breach.check for breach in event.outcome.breaches})
    return row, unjudged


def load() -> dict[str, Row]:
    """The matrix as it was written."""
    return {one.name: {case: list(checks) for case, checks in one.caught.items()} for one in kill_matrix.load()}


def table(matrix: dict[str, Row]) -> str:
    """The matrix as it stands in the documentation."""
    rows = ["| mutant | what is wrong about it | caught by |", "|---|---|---|"]
    for name in mutants():
        caught = ", ".join(f"{case} ({', '.join(checks)})" for case, checks in matrix.get(name, {}).items())
        rows.append(f"| `{name}` | {SENTENCES[name]} | {caught} |")
    return "\n".join([BEGIN, *rows, END])


def written(text: str, matrix: dict[str, Row]) -> str:
    """The documentation with this matrix in it."""
    before, _, rest = text.partition(BEGIN)
    return before + table(matrix) + rest.partition(END)[2]


def _write(names: Iterable[str]) -> None:
    matrix = load()
    with ExitStack() as stack:
        api = open_mock(None, stack)
        for name in names:
            row, unjudged = judged(name, api, cases_for(name))
            matrix[name] = row
            sys.stdout.write(f"{name}: {row} {sorted(unjudged) or ''}\n")
            sys.stdout.flush()
            ordered = {each: {"wrong": SENTENCES[each], "caught": matrix[each]} for each in mutants() if each in matrix}
            FILE.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    if README.exists():
        README.write_text(written(README.read_text(encoding="utf-8"), load()), encoding="utf-8")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    _write(sys.argv[2:] or mutants())
