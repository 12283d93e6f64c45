"""Command failures: a message for the user, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from tpmock.common.installation import install_command


class ImpossibleError(click.ClickException):
    """The command failed. The message is for the user."""

    exit_code = 2


class ExplainedError(click.ClickException):
    """Error of a command that a page of the documentation explains.

    :param error: the error, which is shown as before
    :param page: name of the page
    """

    def __init__(self, error: click.ClickException, page: str) -> None:
        super().__init__(f"{error.format_message()}\nSee 'tpmock docs {page}'.")
        self.exit_code = error.exit_code  # type: ignore[misc]  # click reads it from the instance
        self._error = error
        self._page = page

    def show(self, file: IO[Any] | None = None) -> None:
        """Show the error, then the name of the page."""
        self._error.show(file)
        click.echo(f"See 'tpmock docs {self._page}'.", file=file, err=file is None)


@contextmanager
def impossible(*errors: type[Exception]) -> Iterator[None]:
    """Convert these exceptions, whose messages are for the user, to :class:`ImpossibleError`."""
    try:
        yield
    except errors as error:
        raise ImpossibleError(str(error)) from None


@contextmanager
def faker_needed(locale: str) -> Iterator[None]:
    """Convert errors of Faker within this block, which the user can fix.

    :raises ImpossibleError: if Faker is not installed, or does not have the locale
    """
    try:
        yield
    except ImportError:
        raise ImpossibleError(f"Faker is not installed. Run: {install_command('seed')}") from None
    except AttributeError:
        raise ImpossibleError(f"Faker has no locale {locale!r}. Use one such as en_GB, da_DK or sv_SE.") from None


def write_file(file: Path, text: str) -> None:
    """Write a file that the user named.

    :raises ImpossibleError: when it cannot be written
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ImpossibleError(f"{file} cannot be written: {error.strerror}.") from None
