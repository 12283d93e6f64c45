"""The options ``--generated`` and ``--found``: without Hypothesis a sentence, and what was found in a file."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contracts.kit.generated import found
from contracts.kit.mock import ControlApi
from contracts.kit.reports import chosen
from contracts.kit.run_events import RunEvent
from contracts.kit.subjects import Subject

if TYPE_CHECKING:
    from contracts.kit.generated.search import Search


class _MissingError(click.ClickException):
    """The run itself is impossible."""

    exit_code = 2


def search(
    subject: Subject,
    open_mock: Callable[[ExitStack], ControlApi],
    seed: int,
    examples: int,
    seconds: float,
    sandbox: str | None,
) -> Search:
    """A search, ready to run."""
    try:
        from contracts.kit.generated.search import Search  # noqa: PLC0415 - only who makes up events needs Hypothesis
    except ModuleNotFoundError as problem:
        raise _MissingError(
            f"Made-up events need {problem.name}, which is not installed: pip install 'tpmock[test]'."
        ) from None
    return Search(subject, open_mock, seed, examples, seconds, sandbox)


def run(search: Search, follow: Callable[[Generator[RunEvent]], int], file: Path) -> int:
    """Search, write down what was found, and say how to replay it; without anything found, write nothing.

    :returns: the exit code of the run.
    :raises ReportError: when the file cannot be written.
    """
    code = follow(search.events())
    if search.found:
        steps = {case_id: one.steps for case_id, one in search.found.items()}
        chosen.write(file, found.as_file(steps, search.subject.name, search.seed))
        click.echo(f"What was found is in {file}; again: tpmock test --replay {shlex.quote(str(file))}", err=True)
    return code
