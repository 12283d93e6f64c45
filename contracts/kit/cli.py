"""The command ``test``."""

from __future__ import annotations

import secrets
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

from contracts import serving
from contracts.kit import cases, evidence, expectations, explain, listing, live_options, made_up, subject_options
from contracts.kit.cases import Case, CaseError
from contracts.kit.contract import Contract, ContractError
from contracts.kit.contract_subject import ContractSubject
from contracts.kit.engine import Run
from contracts.kit.expectations import ExpectationError
from contracts.kit.local_mock import open_mock
from contracts.kit.options import DEFAULT_PLAN, LARGEST_SEED, options
from contracts.kit.reports import chosen
from contracts.kit.reports.as_json import JsonReport
from contracts.kit.reports.chosen import ReportError
from contracts.kit.reports.gathered import Gathering
from contracts.kit.reports.terminal import TerminalReport
from contracts.kit.run_events import Reporter, RunEvent, RunFinished
from contracts.kit.subjects import Subject

_REPLAY = "replay"
_INTERRUPTED = 130

_EPILOG = """\b
Examples:
  tpmock test
  tpmock test --case DEST-003 --case DEST-01
  tpmock test --command "node server.js --port {port}"
  tpmock test --mutant no-dedupe
  tpmock test --generated --examples 2000
  tpmock test --mock http://127.0.0.1:8080 --sandbox default \\
      --destination-url http://127.0.0.1:8090 --integration-key KEY

\b
Exit code: 0 nothing failed, 1 something failed or could not be
judged, 2 the run itself was impossible.
"""


@click.command(epilog=_EPILOG)
@options
def test(
    plan: str | None,
    wanted: tuple[str, ...],
    listed: bool,  # noqa: FBT001 - click's signature
    mutants: bool,  # noqa: FBT001 - click's signature
    explained: str | None,
    as_json: bool,  # noqa: FBT001 - click's signature
    reports: tuple[str, ...],
    seed: int | None,
    mock_url: str | None,
    mutant: str | None,
    command: str | None,
    destination_url: str | None,
    evidence_file: Path | None,
    contract_file: Path | None,
    integration_key: str | None,
    expected_file: Path | None,
    sandbox: str | None,
    generated: bool,  # noqa: FBT001 - click's signature
    examples: int,
    seconds: float,
    found_file: Path,
    replayed: Path | None,
    live: bool,  # noqa: FBT001 - click's signature
    allow_writes: bool,  # noqa: FBT001 - click's signature
    recording_file: Path,
) -> None:
    """Judge a Segment-to-Trustpilot destination by contract cases, against the mock.

    Without options: the bundled destination, with a mock started for the run.
    """
    given = {
        "--plan": plan, "--case": wanted, "--list": listed, "--explain": explained, "--evidence": evidence_file,
        "--expected": expected_file, "--replay": replayed, "--generated": generated, "--mock": mock_url,
        "--mutant": mutant, "--command": command, "--destination-url": destination_url, "--contract": contract_file,
    }  # fmt: skip
    _check_together(given, live=live)
    try:
        contract = subject_options.contract(contract_file, mutant or command or destination_url)
        plan, chosen = _chosen(plan, replayed, contract, wanted)
        if explained:
            click.echo(explain.page(explained, _every(chosen)))
            return
        expected_file = expected_file or (contract.expected if contract else None)
        known = {case.id for case in _every(chosen)} if expected_file else set()
        expected = expectations.load(expected_file, known) if expected_file else {}
    except (CaseError, explain.UnknownTopicError, ExpectationError, ContractError) as problem:
        raise click.UsageError(str(problem)) from None
    if listed or mutants:
        show = listing.mutants if mutants else partial(listing.cases, chosen)
        click.echo(show(as_json=as_json))
        return
    needed = {"--integration-key": integration_key, "--mock": mock_url, "--sandbox": sandbox}
    seed = secrets.randbelow(LARGEST_SEED) if seed is None else seed
    subject: Subject
    if contract is None:
        subject, groups = subject_options.subject(mutant, command, destination_url, needed), None
    else:
        subject = ContractSubject(contract, subject_options.ask)
        mock_url, sandbox, groups = contract.place(mock_url, sandbox)
    kind = subject_options.kind(mutant, contract_file, command or destination_url)
    more = _chosen_reports(reports, evidence_file, kind, as_json=as_json)
    follow = partial(_follow, as_json=as_json, more=more)
    open_one = partial(open_mock, mock_url)
    try:
        with _terminated_like_interrupted():
            serving.follow_starter()
            if live:
                code = live_options.run(plan, chosen, seed, follow, recording_file, writes=allow_writes)
            elif generated:
                code = made_up.run(
                    made_up.search(subject, open_one, seed, examples, seconds, sandbox), follow, found_file
                )
            else:
                code = follow(Run(plan, chosen, subject, open_one, seed, sandbox, groups, expected).events())
        sys.exit(code)
    except ReportError as problem:
        raise click.ClickException(str(problem)) from None
    except KeyboardInterrupt:
        click.echo("Interrupted; everything that was started has been ended.", err=True)
        sys.exit(_INTERRUPTED)


def _chosen(
    plan: str | None, replayed: Path | None, contract: Contract | None, wanted: Sequence[str]
) -> tuple[str, tuple[Case, ...]]:
    """What the cases are called, and which they are.

    :raises CaseError: when a file cannot be used, or no case is wanted.
    """
    if replayed is not None:
        return _REPLAY, _narrowed(tuple(cases.load_file(_REPLAY, replayed)), wanted)
    if contract is not None:
        return " and ".join(contract.plans), _narrowed(contract.cases(), wanted)
    return plan or DEFAULT_PLAN, _narrowed(cases.load_plan(plan or DEFAULT_PLAN), wanted)


def _every(chosen: tuple[Case, ...]) -> tuple[Case, ...]:
    return (*chosen, *cases.load_plan(cases.STANDARD))


def _narrowed(every: tuple[Case, ...], wanted: Sequence[str]) -> tuple[Case, ...]:
    if not wanted:
        return every
    for one in wanted:
        if not any(case.id.startswith(one) for case in every):
            plans = ", ".join(dict.fromkeys(case.plan for case in every))
            raise CaseError(f"No case of the plan {plans} has an id that begins with {one}; see tpmock test --list.")
    return tuple(case for case in every if case.id.startswith(tuple(wanted)))


def _chosen_reports(
    words: Sequence[str], evidence_file: Path | None, subject: Mapping[str, str], *, as_json: bool
) -> list[Gathering]:
    """The listeners of ``--report`` and ``--evidence``; refused before anything is run."""
    try:
        chosen.check_places((*words, *([f"evidence={evidence_file}"] if evidence_file else [])))
        # Standard output is one JSON document then, and GitHub reads both streams.
        found = chosen.chosen(words, partial(click.echo, err=as_json))
    except ReportError as problem:
        raise click.UsageError(str(problem)) from None
    if evidence_file is not None:
        file = evidence_file
        found.append(Gathering(lambda report: chosen.write(file, evidence.pack(report, subject))))
    return found


def _check_together(given: Mapping[str, object], *, live: bool) -> None:
    """Refuse options that contradict each other.

    :param given: what was given for each option, by its name.
    """
    groups = {
        "--generated": (
            "makes up its own cases",
            ("--plan", "--case", "--list", "--explain", "--evidence", "--expected", "--replay"),
        ),
        "--replay": ("has cases of its own", ("--plan", "--evidence")),
        "--live": (
            "judges the real API and nothing else",
            (
                "--generated",
                "--replay",
                "--evidence",
                "--mock",
                "--mutant",
                "--command",
                "--destination-url",
                "--contract",
            ),
        ),
    }
    for name, (why, others) in groups.items():
        if live if name == "--live" else given[name]:
            for other in others:
                if given[other]:
                    raise click.UsageError(f"{name} {why}; leave out {other}.")


def _follow(told: Generator[RunEvent], *, as_json: bool, more: Sequence[Reporter]) -> int:
    """Run, report, and say with which exit code to end."""
    console = Console(stderr=as_json)
    terminal = TerminalReport(console, quiet=as_json)
    reporters: list[Reporter] = [terminal, *([JsonReport(sys.stdout)] if as_json else []), *more]
    code = 0
    # Closed here and not when it is forgotten: an interruption in a reporter must end the subject as well.
    with closing(told) as events, terminal:
        for event in events:
            for reporter in reporters:
                reporter(event)
            if isinstance(event, RunFinished):
                code = event.exit_code
    return code


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does, with everything it started; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
