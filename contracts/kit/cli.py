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
from contracts.kit import cases, evidence, expectations, explain, listing, made_up, subject_options
from contracts.kit.cases import Case, CaseError
from contracts.kit.contract import Contract, ContractError
from contracts.kit.contract_subject import ContractSubject
from contracts.kit.engine import Run
from contracts.kit.expectations import ExpectationError
from contracts.kit.local_mock import open_mock
from contracts.kit.reports import chosen
from contracts.kit.reports.as_json import JsonReport
from contracts.kit.reports.chosen import ReportError
from contracts.kit.reports.gathered import Gathering
from contracts.kit.reports.terminal import TerminalReport
from contracts.kit.run_events import Reporter, RunEvent, RunFinished
from contracts.kit.subjects import Subject

_PLAN, _REPLAY = "segment-destination", "replay"
_INTERRUPTED = 130
_LARGEST_SEED = 2**31

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
@click.option(
    "--plan",
    type=click.Choice(cases.choices()),
    help=f"Which set of cases, such as --plan quick. Default: {_PLAN}.",
)
@click.option(
    "--case",
    "wanted",
    multiple=True,
    metavar="ID",
    help="Only cases whose id begins like this; repeatable. Example: --case DEST-003",
)
@click.option("--list", "listed", is_flag=True, help="List the cases and run nothing. Example: tpmock test --list")
@click.option(
    "--mutants",
    is_flag=True,
    help="List the programs that are wrong on purpose with what catches each, and run nothing. "
    "Example: tpmock test --mutants",
)
@click.option(
    "--explain",
    "explained",
    metavar="ID",
    help="Explain a case or a check and run nothing. Example: --explain DEST-003, --explain invitation",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON document on standard output, lists too. Example: tpmock test --json | jq .summary",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="NAME[=FILE]",
    help="Write a report: html, json, junit, har or github; repeatable. Example: --report junit=results.xml. "
    "github alone prints annotations and adds to the summary of the step.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, _LARGEST_SEED - 1),
    metavar="N",
    help="Repeat a run: same seed, same order ids. Example: --seed 7. Default: by chance, and shown.",
)
@click.option(
    "--mock",
    "mock_url",
    metavar="URL",
    help="Use a mock that runs, such as --mock http://127.0.0.1:8080. Default: start one for the run.",
)
@click.option(
    "--mutant", metavar="NAME", help="Judge a destination that is wrong on purpose. Example: --mutant no-dedupe"
)
@click.option(
    "--command",
    metavar="COMMAND",
    help="Judge any program. {port}, {workdir} and {python} are filled in; the environment holds PORT, "
    'INTEGRATION_KEY, TRUSTPILOT_..., DATABASE_URL. Example: --command "node server.js {port}"',
)
@click.option(
    "--destination-url",
    metavar="URL",
    help="Judge a destination that runs. Needs --integration-key, --mock and --sandbox. "
    "Example: --destination-url http://127.0.0.1:8090",
)
@click.option(
    "--evidence",
    "evidence_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the evidence pack, which tpmock evidence verify checks. Example: --evidence out.zip",
)
@click.option(
    "--contract",
    "contract_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Judge what a contract.toml describes: any program, in any language. Example: --contract contract.toml",
)
@click.option(
    "--integration-key",
    metavar="KEY",
    help="The key that the running destination expects. Example: --integration-key segment-key",
)
@click.option(
    "--expected",
    "expected_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Cases that are known not to pass, each with a reason; one that passes all the same is a failure. "
    "Example: --expected expected.yaml",
)
@click.option(
    "--sandbox",
    metavar="ID",
    help="The sandbox that the running destination is configured for. Example: --sandbox default",
)
@click.option(
    "--generated",
    is_flag=True,
    help="Make up events and histories, and see that four things hold whatever happens. Example: --generated",
)
@click.option(
    "--examples",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    metavar="N",
    help="How many histories --generated makes up. Example: --examples 5000",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 86_400),
    default=120,
    show_default=True,
    metavar="N",
    help="After so long --generated plays nothing new. Example: --seconds 600",
)
@click.option(
    "--found",
    "found_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="tpmock-found.yaml",
    show_default=True,
    help="Where --generated writes what it has found, as cases to replay. Example: --found found.yaml",
)
@click.option(
    "--replay",
    "replayed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge by the cases of a file: what --generated found, or some of your own. Example: --replay found.yaml",
)
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
) -> None:
    """Judge a Segment-to-Trustpilot destination by contract cases, against the mock.

    Without options: the bundled destination, with a mock started for the run.
    """
    if generated and (other := _excluded(plan, wanted, listed, explained, evidence_file, expected_file, replayed)):
        raise click.UsageError(f"--generated makes up its own cases; leave out {other}.")
    if replayed and (plan or evidence_file):
        raise click.UsageError("--replay has cases of its own; leave out --plan and --evidence.")
    try:
        contract = subject_options.contract(contract_file, mutant or command or destination_url)
        plan, chosen = _chosen(plan, replayed, contract, wanted)
        every = (*chosen, *cases.load_plan(cases.STANDARD))
        if explained:
            click.echo(explain.page(explained, every))
            return
        expected_file = expected_file or (contract.expected if contract else None)
        expected = expectations.load(expected_file, {case.id for case in every}) if expected_file else {}
    except (CaseError, explain.UnknownTopicError, ExpectationError, ContractError) as problem:
        raise click.UsageError(str(problem)) from None
    if listed or mutants:
        show = listing.mutants if mutants else partial(listing.cases, chosen)
        click.echo(show(as_json=as_json))
        return
    needed = {"--integration-key": integration_key, "--mock": mock_url, "--sandbox": sandbox}
    subject: Subject
    groups = None
    if contract is None:
        subject = subject_options.subject(mutant, command, destination_url, needed)
    else:
        subject = ContractSubject(contract, subject_options.ask)
        mock_url, sandbox, groups = contract.place(mock_url, sandbox)
    seed = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    open_one = partial(open_mock, mock_url)
    kind = subject_options.kind(mutant, contract_file, command or destination_url)
    more = _chosen_reports(reports, evidence_file, kind, as_json=as_json)
    try:
        with _terminated_like_interrupted():
            serving.follow_starter()
            if generated:
                search = made_up.search(subject, open_one, seed, examples, seconds, sandbox)
                code = _follow(search.events(), as_json=as_json, more=more)
                made_up.keep(search, found_file)
            else:
                run = Run(plan, chosen, subject, open_one, seed, sandbox, groups, expected)
                code = _follow(run.events(), as_json=as_json, more=more)
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
    return plan or _PLAN, _narrowed(cases.load_plan(plan or _PLAN), wanted)


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


def _excluded(*given: object) -> str:
    """The first option that goes badly with ``--generated``."""
    names = ("--plan", "--case", "--list", "--explain", "--evidence", "--expected", "--replay")
    return next((name for name, value in zip(names, given, strict=True) if value), "")


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
