"""The kill matrix: which check of which case catches which mutant. Made by ``python -m tests.kit.matrix --write``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack

from msgspec.structs import replace
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.cases.case_files import Case
from tpmock.kit.cases.claims import missing
from tpmock.kit.run.engine import Run
from tpmock.kit.run.run_events import CaseFinished
from tpmock.kit.subjects import contract_subject
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.subjects.subjects import Subject
from tpmock.kit.vocabulary.findings import Result
from tpmock.mutants import catalogue
from tpmock.mutants.catalogue import SENTENCES

from tests.kit.in_process import InProcess
from tests.support import ROOT

_CONTRACTS = ROOT / "contracts"
FILE = _CONTRACTS / "tpmock" / "mutants" / "kill_matrix.json"
README = _CONTRACTS / "tpmock" / "kit" / "README.md"
BEGIN, END = "<!-- kill matrix: begin -->", "<!-- kill matrix: end -->"
CRUDE = {*catalogue.CRUDE, *("companion-does-nothing", "companion-fails-afterwards", "api-fails", "api-empty")}
RIGHT = ("right", "companion", "strict")

ORDER = {case.id: number for number, case in enumerate(case_files.load_plan(case_files.STANDARD))}
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
    row: Row = {}
    unjudged = set()
    here = [case for case in chosen if not needs_program(case)]
    apart = [case for case in chosen if needs_program(case)]
    for subject, some in ((InProcess(name), here), (program(name), apart)):
        run = Run("standard", some, subject, lambda _stack: api, 1, groups=1, alone=True)
        for event in run.events() if some else ():
            if isinstance(event, CaseFinished):
                if event.outcome.result in {Result.NOT_RUN, Result.NOT_APPLICABLE}:
                    unjudged.add(event.case.id)
                if event.outcome.breaches:
                    row[event.case.id] = sorted({breach.check for breach in event.outcome.breaches})
    return dict(sorted(row.items(), key=lambda item: ORDER[item[0]])), unjudged


def needs_program(case: Case) -> bool:
    """Whether the subject has to be a process of its own: one that can be killed, or whose open files are known."""
    steps = (*case.given, *case.when)
    return any(step.name == "kill" for step in steps) or any(check.name == "not_logged" for check in case.then)


def is_slow(case: Case) -> bool:
    """Whether a case takes seconds: of starts, of waiting, or of hundreds of orders."""
    many = any(isinstance(step.args, dict) and step.args.get("times", 1) > 50 for step in case.given)
    return needs_program(case) or many or any(check.name == "answered_within" for check in case.then)


def program(name: str) -> Subject:
    """A subject of ours as a program."""
    if name not in {"right", "strict"}:
        return contract_subject.mutant(name)
    made = contract_subject.bundled()
    start = {**(made.contract.start or {}), "environment": {"STRICT_NAMES": str(name == "strict").lower()}}
    return replace(made, contract=replace(made.contract, start=start))


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


def _write(names: Iterable[str], some: Collection[str]) -> None:
    matrix = load()
    with ExitStack() as stack:
        api = open_mock(None, stack)
        for name in names:
            chosen = [case for case in cases_for(name) if not some or case.id in some]
            row, unjudged = judged(name, api, chosen)
            played = {case.id for case in chosen}
            kept = {case: checks for case, checks in matrix.get(name, {}).items() if some and case not in played}
            matrix[name] = dict(sorted({**kept, **row}.items(), key=lambda item: ORDER[item[0]]))
            sys.stdout.write(f"{name}: {row} {sorted(unjudged) or ''}\n")
            sys.stdout.flush()
            ordered = {each: {"wrong": SENTENCES[each], "caught": matrix[each]} for each in mutants() if each in matrix}
            FILE.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    if README.exists():
        README.write_text(written(README.read_text(encoding="utf-8"), load()), encoding="utf-8")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kit.matrix", description=__doc__)
    parser.add_argument("--write", nargs="*", metavar="MUTANT", required=True, help="write these rows, or all")
    parser.add_argument("--case", action="append", default=[], metavar="ID", help="play only this case; repeatable")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    _write(chosen.write or mutants(), chosen.case)


if __name__ == "__main__":
    _main()
