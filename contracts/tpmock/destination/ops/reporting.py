"""Reports on standard error why a command cannot run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

import click
from sqlalchemy.exc import SQLAlchemyError
from tpmock.common.installation import install_command
from tpmock.common.serving import PortTakenError
from tpmock.destination.config import DATABASE_URL, SettingsError
from tpmock.destination.storage.migrations import NewerDatabaseError
from tpmock.destination.storage.vault import WrongKeyError

UNUSABLE = 2
"""Exit code when the destination cannot start as it is configured."""

_PROBLEMS = (SettingsError, SQLAlchemyError, ImportError, NewerDatabaseError, WrongKeyError, PortTakenError)
P = ParamSpec("P")


def environment_with(database: str | None) -> Mapping[str, str]:
    """Return the environment, in which the option ``--database`` wins over DATABASE_URL."""
    return os.environ if database is None else {**os.environ, DATABASE_URL: database}


def reported(command: Callable[P, int]) -> Callable[P, int]:
    """Make a command write each problem with its configuration as one sentence, and return UNUSABLE then."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> int:
        try:
            return command(*arguments, **options)
        except _PROBLEMS as problem:
            for sentence in _sentences(problem):
                click.echo(f"destination: {sentence}", err=True)
        return UNUSABLE

    return run


def _sentences(problem: Exception) -> list[str]:
    if isinstance(problem, SettingsError):
        return problem.sentences
    if isinstance(problem, ImportError):
        # The driver of PostgreSQL is an extra; SQLAlchemy imports it when the URL asks for it.
        return [f"{DATABASE_URL} needs {problem.name}, which is not installed. Run: {install_command('postgres')}"]
    if isinstance(problem, SQLAlchemyError):
        # The driver's words without SQLAlchemy's, which run over several lines.
        reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()
        return [f"{DATABASE_URL} cannot be opened: {reason[0] if reason else type(problem).__name__}."]
    return [str(problem)]
