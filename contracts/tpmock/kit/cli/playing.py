"""A run of the command ``test``, with its reports."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

import click
from rich.console import Console
from tpmock.kit.cli import other_runs, subject_choice
from tpmock.kit.cli.chosen import Chosen
from tpmock.kit.cli.options import LARGEST_SEED, Options
from tpmock.kit.reports import evidence, selection
from tpmock.kit.reports.as_json import json_report
from tpmock.kit.reports.collector import Collector
from tpmock.kit.reports.selection import ReportError
from tpmock.kit.reports.terminal import TerminalReport
from tpmock.kit.run.engine import Run
from tpmock.kit.run.expectations import Expectation
from tpmock.kit.run.run_events import Reporter, RunEvent, RunFinished
from tpmock.kit.subjects.contract import Contract
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.local_mock import MockOpener
from tpmock.kit.subjects.subjects import Subject
from tpmock.kit.vocabulary.findings import Result


def play(given: Options, what: Chosen, expected: dict[str, Expectation], mock: MockOpener) -> int:
    """Run cases, and return the exit code."""
    seed, follow, on = _seed(given), _follower(given), _target(given, what.contract)
    run = Run(what.plan, what.cases, on.subject, mock, seed, on.sandbox, on.groups, expected)
    return _reported(lambda: follow(run.events()))


def generate(given: Options, contract: Contract | None, mock: MockOpener) -> int:
    """Run generated histories, and return the exit code."""
    seed, follow, on = _seed(given), _follower(given), _target(given, contract)
    return _reported(lambda: other_runs.generated(given, on.subject, on.sandbox, mock, seed, follow))


def play_live(given: Options, what: Chosen) -> int:
    """Run cases on the real API, and return the exit code."""
    seed, follow = _seed(given), _follower(given)
    return _reported(lambda: other_runs.live(given, what.plan, what.cases, seed, follow))


class _Target(NamedTuple):
    """What a run is made against."""

    subject: Subject
    sandbox: str | None
    groups: int | None


def _target(given: Options, contract: Contract | None) -> _Target:
    if contract is None:
        return _Target(subject_choice.subject(given), given.sandbox, None)
    _, sandbox, groups = contract.target(given.mock_url, given.sandbox)
    return _Target(ContractSubject(contract, subject_choice.ask), sandbox, groups)


def _seed(given: Options) -> int:
    return secrets.randbelow(LARGEST_SEED) if given.seed is None else given.seed


def _follower(given: Options) -> other_runs.Follow:
    more = _chosen_reports(given)
    # A mutant that breaks only what is recommended is found as well: it is named to see it fail.
    return partial(_follow, as_json=given.as_json, more=more, warnings_fail=given.mutant is not None)


def _reported(run: Callable[[], int]) -> int:
    """Run, and return the exit code."""
    try:
        return run()
    except ReportError as problem:
        raise click.ClickException(str(problem)) from None


def _chosen_reports(given: Options) -> list[Collector]:
    """Return the listeners of ``--report`` and ``--evidence``; refused before anything is run."""
    file, subject = given.evidence_file, subject_choice.kind(given)
    try:
        selection.check_places((*given.reports, *([f"evidence={file}"] if file else [])))
        # Standard output is one JSON document then, and GitHub reads both streams.
        found = selection.chosen(given.reports, partial(click.echo, err=given.as_json))
    except ReportError as problem:
        raise click.UsageError(str(problem)) from None
    if file is not None:
        found.append(Collector(lambda report: selection.write(file, evidence.pack(report, subject))))
    return found


def _follow(run: Generator[RunEvent], *, as_json: bool, more: Sequence[Reporter], warnings_fail: bool) -> int:
    """Run, report, and return the exit code."""
    console = Console(stderr=as_json)
    terminal = TerminalReport(console, quiet=as_json)
    reporters: list[Reporter] = [terminal, *([json_report(sys.stdout)] if as_json else []), *more]
    code = 0
    # Closed here and not by the garbage collector: an interruption in a reporter must end the subject as well.
    with closing(run) as events, terminal.progress:
        for event in events:
            for reporter in reporters:
                reporter(event)
            if isinstance(event, RunFinished):
                code = event.exit_code
                if warnings_fail and event.results[Result.WARNING]:
                    code = code or 1
    return code
