"""What all commands share that speak to a running mock: its address, the sandbox, refusals, tables."""

from __future__ import annotations

import functools
import json
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import click

from mockserver.client import ControlClient, RefusedError, UnreachableError

_F = TypeVar("_F", bound=Callable[..., Any])

URL_VARIABLE: Final = "TPMOCK_URL"
SANDBOX_VARIABLE: Final = "TPMOCK_SANDBOX"


class ImpossibleError(click.ClickException):
    """The command could not do its work. The message is a sentence for the user."""

    exit_code = 2


class Remote:
    """One sandbox of a running mock."""

    def __init__(self, client: ControlClient, sandbox_id: str) -> None:
        self.client = client
        self.sandbox_id = sandbox_id

    def call(self, method: str, path: str, body: Any = None, *, text: bool = False, **query: object) -> Any:
        """Call the control API.

        :param path: behind the sandbox's own, such as ``/clock``
        """
        return self.client.call(method, f"/sandboxes/{self.sandbox_id}{path}", body, query, text=text)


def on_mock(command: _F) -> _F:
    """Give a command ``--url`` and hand it a :class:`ControlClient` as ``client``; refusals become sentences."""

    @functools.wraps(command)
    def run(*args: Any, url: str, **kwargs: Any) -> Any:
        return _sentences(lambda: command(*args, client=ControlClient(url), **kwargs))

    return _url(run)  # type: ignore[return-value]


def on_sandbox(command: _F) -> _F:
    """Give a command ``--url`` and ``--sandbox`` and hand it a :class:`Remote` as ``remote``."""

    @functools.wraps(command)
    def run(*args: Any, url: str, sandbox: str, **kwargs: Any) -> Any:
        return _sentences(lambda: command(*args, remote=Remote(ControlClient(url), sandbox), **kwargs))

    return _url(_sandbox(run))  # type: ignore[return-value]


as_json = click.option("--json", "as_json", is_flag=True, help="Print it as the control API has it.")

_url = click.option(
    "--url",
    default="http://127.0.0.1:8080",
    envvar=URL_VARIABLE,
    show_default=True,
    show_envvar=True,
    help="Address of the running mock.",
)
_sandbox = click.option(
    "--sandbox", default="default", envvar=SANDBOX_VARIABLE, show_default=True, show_envvar=True, help="Which sandbox."
)


def _sentences(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except (UnreachableError, RefusedError) as error:
        raise ImpossibleError(str(error)) from None


def until_ended() -> threading.Event:
    """Set by Ctrl-C or SIGTERM, even where whoever started us had told programs not to hear of Ctrl-C."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def show_json(value: Any) -> None:
    """For a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """For a person: aligned columns, an empty cell for None; nothing is cut."""
    cells = [[str(cell) if cell is not None else "" for cell in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
