"""Runs of generated histories and on the real API; each writes what it found to a file."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack

import click
from tpmock.common.control_client import ControlClient
from tpmock.common.installation import install_command
from tpmock.common.moments import iso
from tpmock.kit.cases.case_files import Case
from tpmock.kit.cases.wording import counted
from tpmock.kit.cli.options import Options, RunImpossibleError
from tpmock.kit.live import recording, target
from tpmock.kit.live.live_client import LiveClient
from tpmock.kit.live.recording import Recording
from tpmock.kit.live.run import LiveRun
from tpmock.kit.reports import selection
from tpmock.kit.run.run_events import RunEvent
from tpmock.kit.subjects.subjects import Subject

Follow = Callable[[Generator[RunEvent]], int]


def generated(
    options: Options,
    subject: Subject,
    sandbox: str | None,
    open_mock: Callable[[ExitStack], ControlClient],
    seed: int,
    follow: Follow,
) -> int:
    """Search, write the findings to a file, and print how to replay them; write nothing without a finding.

    :raises RunImpossibleError: without Hypothesis
    :raises ReportError: when the file cannot be written
    """
    try:
        from tpmock.kit.generated.search import Search, as_file  # noqa: PLC0415 - only who makes up events needs Hypothesis
    except ModuleNotFoundError as problem:
        raise RunImpossibleError(
            f"Generated events need {problem.name}, which is not installed. Run: {install_command('generated')}"
        ) from None
    search = Search(subject, open_mock, seed, options.examples, options.seconds, sandbox)
    code = follow(search.events())
    if search.found:
        file = options.found_file
        steps = {case_id: one.steps for case_id, one in search.found.items()}
        selection.write(file, as_file(steps, subject.name, seed))
        click.echo(f"The findings are in {file}. Replay them: tpmock test replay {shlex.quote(str(file))}", err=True)
    return code


def live(options: Options, plan: str, cases: Sequence[Case], seed: int, follow: Follow) -> int:
    """Run on the API that the environment names, and write the recording if recording is allowed.

    :raises ReportError: when the file cannot be written
    """
    if any(case.needs != ("api",) for case in cases):
        raise click.UsageError("Only cases of the API itself run on the real API: tpmock test live --plan provider")
    try:
        found = target.from_environment(os.environ)
    except target.TargetError as problem:
        raise click.UsageError(str(problem)) from None
    ran = LiveRun(plan, cases, LiveClient(found, writes=options.allow_writes), seed)
    code = follow(ran.events())
    calls = ran.client.calls
    if ran.refused or not calls:
        click.echo("Nothing was recorded.", err=True)
        return code
    file, at = options.recording_file, iso(time.time())
    selection.write(file, recording.written(Recording(found.hosts["trustpilot"], at, calls)))
    click.echo(
        f"The recording of {counted(len(calls), 'call')} is in {file}. "
        f"Compare it: tpmock drift {shlex.quote(str(file))}",
        err=True,
    )
    return code
