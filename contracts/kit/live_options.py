"""The options ``--live`` and ``--recording``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from contracts.kit.cases import Case
from contracts.kit.live import recording, target
from contracts.kit.live.door import Door
from contracts.kit.live.recording import Recording
from contracts.kit.live.run import LiveRun
from contracts.kit.reports import chosen
from contracts.kit.run_events import RunEvent
from contracts.kit.wording import counted


def run(
    plan: str,
    cases: Sequence[Case],
    seed: int,
    follow: Callable[[Generator[RunEvent]], int],
    file: Path,
    *,
    writes: bool,
) -> int:
    """Run on the API that the environment names, and write the recording, unless nothing may be recorded.

    :returns: the exit code of the run.
    :raises ReportError: when the file cannot be written.
    """
    if any(case.needs != ("api",) for case in cases):
        raise click.UsageError("--live needs a plan of the API itself: tpmock test --plan provider --live")
    try:
        found = target.from_environment(os.environ)
    except target.TargetError as problem:
        raise click.UsageError(str(problem)) from None
    ran = LiveRun(plan, cases, Door(found, writes=writes), seed)
    code = follow(ran.events())
    calls = ran.door.calls
    if ran.refused or not calls:
        click.echo("Nothing was recorded.", err=True)
        return code
    at = datetime.now(UTC).isoformat(timespec="seconds")
    chosen.write(file, recording.written(Recording(found.hosts["trustpilot"], at, calls)))
    click.echo(
        f"What was seen in {counted(len(calls), 'call')} is in {file}; compare: tpmock drift {shlex.quote(str(file))}",
        err=True,
    )
    return code
