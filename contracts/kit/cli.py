"""The command ``test``."""

from __future__ import annotations

import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

from contracts.kit import cases, evidence, expectations, explain, subjects
from contracts.kit import contract as contracts
from contracts.kit.cases import Case, CaseError
from contracts.kit.contract import Contract, ContractError
from contracts.kit.contract_subject import ContractSubject
from contracts.kit.engine import Run
from contracts.kit.expectations import ExpectationError
from contracts.kit.local_mock import open_mock
from contracts.kit.processes import CannotStartError
from contracts.kit.reports import chosen
from contracts.kit.reports.as_json import JsonReport
from contracts.kit.reports.chosen import ReportError
from contracts.kit.reports.gathered import Gathering
from contracts.kit.reports.terminal import TerminalReport
from contracts.kit.run_events import Reporter, RunFinished
from contracts.kit.subjects import Subject

_INTERRUPTED = 130
_LARGEST_SEED = 2**31

_EPILOG = """\b
Examples:
  tpmock test
  tpmock test --case DEST-003 --case DEST-01
  tpmock test --command "node server.js --port {port}"
  tpmock test --mutant no-dedupe
  tpmock test --mock http://127.0.0.1:8080 --sandbox default \\
      --destination-url http://127.0.0.1:8090 --integration-key KEY

\b
Exit code: 0 nothing failed, 1 something failed or could not be
judged, 2 the run itself was impossible.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--plan",
    default="segment-destination",
    show_default=True,
    type=click.Choice(cases.choices()),
    help="Which set of cases, such as --plan segment-destination.",
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
    "--explain",
    "explained",
    metavar="ID",
    help="Explain a case or a check and run nothing. Example: --explain DEST-003, --explain invitation",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON document on standard output. Example: tpmock test --json | jq .summary",
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
def test(
    plan: str,
    wanted: tuple[str, ...],
    listed: bool,  # noqa: FBT001 - click's signature
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
) -> None:
    """Judge a Segment-to-Trustpilot destination by contract cases, against the mock.

    Without options: the bundled destination, with a mock started for the run.
    """
    try:
        contract = _contract(contract_file, mutant or command or destination_url)
        chosen = _choose(plan, wanted) if contract is None else _narrowed(contract.cases(), wanted)
        if explained:
            click.echo(explain.page(explained, cases.load_plan(cases.STANDARD)))
            return
        known = {case.id for case in cases.load_plan(cases.STANDARD)}
        if contract is not None:
            plan, expected_file = " and ".join(contract.plans), expected_file or contract.expected
        expected = expectations.load(expected_file, known) if expected_file else {}
    except (CaseError, explain.UnknownTopicError, ExpectationError, ContractError) as problem:
        raise click.UsageError(str(problem)) from None
    if listed:
        click.echo("\n".join(f"{case.id}  {case.title} ({case.evidence})" for case in chosen))
        return
    needed = {"--integration-key": integration_key, "--mock": mock_url, "--sandbox": sandbox}
    subject: Subject
    groups = None
    if contract is None:
        subject = _subject(mutant, command, destination_url, needed)
    else:
        subject = ContractSubject(contract, _ask)
        mock_url, sandbox, groups = contract.place(mock_url, sandbox)
    seed = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    run = Run(plan, chosen, subject, partial(open_mock, mock_url), seed, sandbox, groups, expected)
    more = _chosen_reports(
        reports, evidence_file, _kind(mutant, contract_file, command or destination_url), as_json=as_json
    )
    try:
        with _terminated_like_interrupted():
            sys.exit(_follow(run, as_json=as_json, more=more))
    except ReportError as problem:
        raise click.ClickException(str(problem)) from None
    except KeyboardInterrupt:
        click.echo("Interrupted; everything that was started has been ended.", err=True)
        sys.exit(_INTERRUPTED)


def _contract(file: Path | None, other: str | None) -> Contract | None:
    if file is not None and other:
        raise click.UsageError("--contract names the subject; leave out --mutant, --command and --destination-url.")
    return None if file is None else contracts.read(file)


def _ask(text: str) -> None:
    """Show a person what to do, and wait until it is done."""
    click.echo(f"\n{text}\nPress Enter when it is done.", err=True)
    if not sys.stdin.readline():
        raise CannotStartError("The contract needs a person at the terminal, and standard input has ended.")


def _choose(plan: str, wanted: Sequence[str]) -> tuple[Case, ...]:
    return _narrowed(cases.load_plan(plan), wanted)


def _narrowed(every: tuple[Case, ...], wanted: Sequence[str]) -> tuple[Case, ...]:
    if not wanted:
        return every
    for one in wanted:
        if not any(case.id.startswith(one) for case in every):
            plans = ", ".join(dict.fromkeys(case.plan for case in every))
            raise CaseError(f"No case of the plan {plans} has an id that begins with {one}; see tpmock test --list.")
    return tuple(case for case in every if case.id.startswith(tuple(wanted)))


def _subject(mutant: str | None, command: str | None, url: str | None, needed: Mapping[str, str | None]) -> Subject:
    given = [
        name for name, value in (("--mutant", mutant), ("--command", command), ("--destination-url", url)) if value
    ]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} name different subjects; give one.")
    if url:
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise click.UsageError(f"--destination-url needs {', '.join(missing)} as well.")
        return subjects.RunningSubject(url, str(needed["--integration-key"]))
    for name in ("--integration-key", "--sandbox"):
        if needed[name]:
            raise click.UsageError(
                f"{name} goes with --destination-url; a subject that the kit starts gets a sandbox of its own."
            )
    if mutant:
        return subjects.mutant(mutant)
    return subjects.StartedSubject("the program of --command", command) if command else subjects.bundled()


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


def _kind(mutant: str | None, contract_file: Path | None, other: str | None) -> dict[str, str]:
    """How a pack says by which way its subject came."""
    if mutant:
        return {"kind": "mutant", "mutant": mutant}
    return {"kind": "contract" if contract_file else "other" if other else "bundled"}


def _follow(run: Run, *, as_json: bool, more: Sequence[Reporter]) -> int:
    """Run, report, and say with which exit code to end."""
    console = Console(stderr=as_json)
    terminal = TerminalReport(console, quiet=as_json)
    reporters: list[Reporter] = [terminal, *([JsonReport(sys.stdout)] if as_json else []), *more]
    code = 0
    # Closed here and not when it is forgotten: an interruption in a reporter must end the subject as well.
    with closing(run.events()) as events, terminal:
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
