"""Options of the commands that start a mock."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
from tpmock.common.control_client import TOKEN_VARIABLE
from tpmock.core.permissions import is_address


class StateFile(click.Path):
    """Path of a file that may be missing."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Return the path."""
        if not os.fspath(value):
            self.fail("The file name is empty. Give one, for example tpmock.state.", param, ctx)
        return super().convert(value, param, ctx)


class PublicUrl(click.ParamType):  # type: ignore[type-arg] # generic to some versions of click only
    """Scheme, host and port of the mock for other machines."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address without a trailing slash."""
        parts = urlsplit(value if is_address(value) else "")
        if not parts.netloc or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
            self.fail(
                f"{value!r} is not the address of a mock. Give scheme, host and port, such as http://mock.test:8080.",
                param,
                ctx,
            )
        return f"{parts.scheme}://{parts.netloc}"


_LISTENING: Final = (
    click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        help="Address to listen on. Other machines can reach any address except loopback.",
    ),
    click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."),
)
_MOCK: Final = (
    click.option(
        "--public-url",
        metavar="URL",
        type=PublicUrl(),
        help="Address at which others reach this mock, if it differs from where it listens; used in links.",
    ),
    click.option(
        "--state",
        metavar="FILE",
        type=StateFile(),
        help="Save all sandboxes to this file and load them from it; default: sandboxes are lost at exit.",
    ),
    click.option(
        "--max-sandboxes",
        metavar="N",
        type=click.IntRange(1),
        help="Maximum number of sandboxes besides the default one; the least recently used is removed. "
        "Default: no limit.",
    ),
    click.option(
        "--max-memory",
        metavar="MB",
        type=click.IntRange(16),
        help="Maximum megabytes of memory for the records of all sandboxes together; default: 512.",
    ),
    click.option(
        "--control-token",
        metavar="TOKEN",
        envvar=TOKEN_VARIABLE,
        show_envvar=True,
        help="Token that requests to /_mock must carry; beyond loopback one is generated if missing.",
    ),
    click.option(
        "--allow-functions",
        is_flag=True,
        help="Allow callers of /_mock to set destination functions, which run JavaScript on this "
        "machine with your permissions.",
    ),
    click.option("--tls", is_flag=True, help="Serve HTTPS instead of HTTP; see `tpmock ca`."),
    click.option(
        "--tls-port",
        type=click.IntRange(0, 65535),
        help="Also serve HTTPS at this port; 0 picks a free one.",
    ),
)


def listening_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options ``host`` and ``port`` to a command."""
    return _with(_LISTENING, command)


def mock_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the other options of commands that start a mock, and refuse contradicting ones."""

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        _check_tls(given["port"], given["tls_port"], tls=given["tls"])
        return command(**given)

    return _with(_MOCK, run)


def _with(options: Sequence[Callable[[Any], Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = command
    for option in reversed(options):
        made = option(made)
    return made


def _check_tls(port: int, tls_port: int | None, *, tls: bool) -> None:
    if tls and tls_port is not None:
        raise click.UsageError(
            "--tls serves only HTTPS, --tls-port serves HTTPS in addition to HTTP: give one of them."
        )
    if tls_port and tls_port == port:
        raise click.UsageError(f"--port and --tls-port are both {port}: give two ports, or --tls for HTTPS alone.")


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Return options as arguments of another program, without options that were not given."""
    given = {
        name.replace("_", "-"): value for name, value in options.items() if value is not None and value is not False
    }
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in given.items()]
