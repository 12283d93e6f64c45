"""The command ``test``."""

from __future__ import annotations

import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

from contracts.kit import cases, explain, subjects
from contracts.kit.cases import Case, CaseError
from contracts.kit.engine import Run
from contracts.kit.local_mock import open_mock
from contracts.kit.reports.as_json import JsonReport
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
    type=click.Choice(cases.plans()),
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
    'INTEGRATION_KEY, TRUSTPILOT_..., LEDGER_URL. Example: --command "node server.js {port}"',
)
@click.option(
    "--destination-url",
    metavar="URL",
    help="Judge a destination that runs. Needs --integration-key, --mock and --sandbox. "
    "Example: --destination-url http://127.0.0.1:8090",
)
@click.option(
    "--integration-key",
    metavar="KEY",
    help="The key that the running destination expects. Example: --integration-key segment-key",
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
    seed: int | None,
    mock_url: str | None,
    mutant: str | None,
    command: str | None,
    destination_url: str | None,
    integration_key: str | None,
    sandbox: str | None,
) -> None:
    """Judge a Segment-to-Trustpilot destination by contract cases, against the mock.

    Without options: the bundled destination, with a mock started for the run.
    """
    try:
        chosen = _choose(plan, wanted)
        if explained:
            click.echo(explain.page(explained, cases.load_plan(plan)))
            return
    except (CaseError, explain.UnknownTopicError) as problem:
        raise click.UsageError(str(problem)) from None
    if listed:
        click.echo("\n".join(f"{case.id}  {case.title} ({case.evidence})" for case in chosen))
        return
    needed = {"--integration-key": integration_key, "--mock": mock_url, "--sandbox": sandbox}
    subject = _subject(mutant, command, destination_url, needed)
    seed = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    run = Run(plan, chosen, subject, partial(open_mock, mock_url), seed, sandbox)
    try:
        with _terminated_like_interrupted():
            sys.exit(_follow(run, as_json=as_json))
    except KeyboardInterrupt:
        click.echo("Interrupted; everything that was started has been ended.", err=True)
        sys.exit(_INTERRUPTED)


def _choose(plan: str, wanted: Sequence[str]) -> tuple[Case, ...]:
    every = cases.load_plan(plan)
    if not wanted:
        return every
    for one in wanted:
        if not any(case.id.startswith(one) for case in every):
            raise CaseError(f"No case of the plan {plan} has an id that begins with {one}; see tpmock test --list.")
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


def _follow(run: Run, *, as_json: bool) -> int:
    """Run, report, and say with which exit code to end."""
    console = Console(stderr=as_json)
    terminal = TerminalReport(console, quiet=as_json)
    reporters: list[Reporter] = [terminal, *([JsonReport(sys.stdout)] if as_json else [])]
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
