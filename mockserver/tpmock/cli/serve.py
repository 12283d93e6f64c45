"""``tpmock serve``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import click
from tpmock.cli.errors import impossible
from tpmock.cli.server_options import listening_options, mock_options


def _named_file(text: str) -> tuple[str, Path]:
    """``NAME=FILE``, or only a file for the default sandbox."""
    named = re.fullmatch(r"([a-z0-9-]+)=(.+)", text)
    return (named[1], Path(named[2])) if named else ("default", Path(text))


@click.command()
@listening_options
@click.option("--destination", metavar="URL", help="Destination address of the default sandbox's Segment.")
@click.option(
    "--world",
    "worlds",
    metavar="[NAME=]FILE",
    multiple=True,
    help="World file: without a name for the default sandbox, with a name for sandboxes created "
    "with --world; repeatable.",
)
@mock_options
@click.option(
    "--control-host",
    metavar="NAME",
    multiple=True,
    help="Further host name at which /_mock may be called without a token; repeatable.",
)
@click.option("--log", type=click.Choice(["text", "json"]), help="Write a line for each request to standard error.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when the mock is ready.")
def serve(destination: str | None, worlds: tuple[str, ...], control_host: tuple[str, ...], **given: Any) -> None:
    """Start the mock alone. Trustpilot, Segment and the control API share one port.

    Example: tpmock serve --port 0 --json
    """
    from tpmock.common.serving import END_WITH_STDIN, PortTakenError  # noqa: PLC0415 - commands load what they need
    from tpmock.sandbox.errors import StateFileError, WorldFileError  # noqa: PLC0415
    from tpmock.server.serve import Options, run  # noqa: PLC0415
    from tpmock.tls.errors import AuthorityError  # noqa: PLC0415

    named = dict(map(_named_file, worlds))
    # A mock that another program starts for itself is not announced to the user's commands.
    announced = os.environ.get(END_WITH_STDIN) != "1"
    options = Options(destination_url=destination, worlds=named, hosts=control_host, announced=announced, **given)
    with impossible(AuthorityError, PortTakenError, StateFileError, WorldFileError):
        sys.exit(run(options))
