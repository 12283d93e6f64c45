"""Shared parts of the commands for a running mock: options for address and sandbox, errors, and output."""

from __future__ import annotations

import functools
import json
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click
from tpmock.cli.errors import impossible
from tpmock.common import running_mocks
from tpmock.common.control_client import ControlClient, RefusedError, UnreachableError
from tpmock.common.running_mocks import AmbiguousError

_F = TypeVar("_F", bound=Callable[..., Any])

URL_VARIABLE: Final = "TPMOCK_URL"
SANDBOX_VARIABLE: Final = "TPMOCK_SANDBOX"


@dataclass(frozen=True, slots=True)
class Remote:
    """One sandbox of a running mock."""

    client: ControlClient
    sandbox_id: str

    def call(self, method: str, path: str, body: Any = None, /, *, as_text: bool = False, **query: object) -> Any:
        """Call the control API.

        :param path: behind the sandbox's own, such as ``/clock``
        """
        return self.client.call(method, f"/sandboxes/{self.sandbox_id}{path}", body, query, text=as_text)


def on_mock(command: _F) -> _F:
    """Add ``--url`` to a command and pass a :class:`ControlClient` as ``client``; convert refusals to messages."""

    @functools.wraps(command)
    def run(*args: Any, url: str | None, **kwargs: Any) -> Any:
        with impossible(AmbiguousError, UnreachableError, RefusedError):
            client = running_mocks.client(url, lambda sentence: click.echo(sentence, err=True))
            return command(*args, client=client, **kwargs)

    return url_option(run)  # type: ignore[return-value]


def on_sandbox(command: _F) -> _F:
    """Add ``--url`` and ``--sandbox`` to a command and pass a :class:`Remote` as ``remote``."""

    @functools.wraps(command)
    def run(*args: Any, client: ControlClient, sandbox: str, **kwargs: Any) -> Any:
        return command(*args, remote=Remote(client, sandbox), **kwargs)

    return on_mock(_sandbox(run))  # type: ignore[return-value]


#: ``--url`` alone, for a command that looks for the mock itself.
url_option = click.option(
    "--url",
    metavar="URL",
    envvar=URL_VARIABLE,
    show_envvar=True,
    help=f"Address of the mock. Default: the mock that runs; {running_mocks.DEFAULT_URL} if none has said so.",
)
_sandbox = click.option(
    "--sandbox", default="default", envvar=SANDBOX_VARIABLE, show_default=True, show_envvar=True, help="Which sandbox."
)


def prints(show: Callable[[Any], object]) -> Callable[[_F], _F]:
    """Print the return value of a command with ``show``, or as JSON with the option ``--json``, which is added."""

    def decorate(command: _F) -> _F:
        @click.option("--json", "as_json", is_flag=True, help="Print the JSON of the control API.")
        @functools.wraps(command)
        def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
            value = command(*args, **kwargs)
            if as_json:
                click.echo(json.dumps(value, indent=2, ensure_ascii=False))
            else:
                show(value)

        return run  # type: ignore[return-value]

    return decorate


def control_command(
    group: click.Group,
    name: str,
    call: str,
    summary: str,
    *parameters: Callable[[_F], _F],
    show: Callable[[Any], object] | None = None,
    example: str = "",
    cls: type[click.Command] = click.Command,
) -> None:
    """Add a command that is one call of the control API of a sandbox.

    :param call: method, and path behind the sandbox's own, such as ``DELETE /faults/{fault}``
    :param summary: first line of the help
    :param parameters: arguments and options of click; given ones that are not in the path become
        members of the body
    :param show: prints the response, see :func:`prints`; None: print nothing
    :param cls: of the command
    :param example: arguments of the example in the help
    """
    method, _, path = call.partition(" ")

    def run(remote: Remote, **given: Any) -> Any:
        place = path.format(**given)
        members = {key: value for key, value in given.items() if f"{{{key}}}" not in path and value is not None}
        return remote.call(method, place, members or None)

    command: Callable[..., Any] = on_sandbox(run)
    for decorate in ([] if show is None else [prints(show)]) + list(reversed(parameters)):
        command = decorate(command)
    group.command(name, cls=cls, help=f"{summary}\n\nExample: tpmock {group.name} {name} {example}".rstrip())(command)


def until_ended() -> threading.Event:
    """Return an event that is set when the command must stop, see :func:`at_end`."""
    ended = threading.Event()
    at_end(ended.set)
    return ended


def at_end(act: Callable[[], object]) -> None:
    """Call a function on Ctrl-C, SIGTERM or a closed terminal, even if the parent process ignores Ctrl-C."""
    from tpmock.common.serving import STOPS  # noqa: PLC0415 - takes 17 ms, and most commands do not wait

    for number in STOPS:
        signal.signal(number, lambda *_: act())
