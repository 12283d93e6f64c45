"""``python -m tpmock.mutants NAME``: serve a destination with one defect."""

from __future__ import annotations

import os
import sys
from functools import partial

import click
from tpmock.common.serving import PortTakenError, Service, serve
from tpmock.destination.ops.reporting import UNUSABLE
from tpmock.destination.ops.start import start
from tpmock.mutants.catalogue import MUTANTS, SENTENCES, create, create_mutant

_EXAMPLE = """\b
Example:
  python -m tpmock.mutants --list
  python -m tpmock.mutants no-dedupe --port 0
"""


def _list(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted:
        width = max(map(len, SENTENCES))
        for name, sentence in SENTENCES.items():
            click.echo(f"{name:<{width}}  {sentence}")
        context.exit()


@click.command(epilog=_EXAMPLE)
@click.argument("name", type=click.Choice(list(SENTENCES)), metavar="NAME")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks one.")
@click.option("--database", metavar="FILE|URL", help="Database of orders and tokens; wins over DATABASE_URL.")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the mutants.")
def main(name: str, host: str, port: int, database: str | None) -> None:
    """Serve NAME, configured by the environment that the contract kit gives to every subject."""
    if name in MUTANTS:
        sys.exit(start(partial(create_mutant, name), host, port, database))
    try:
        environment = dict(os.environ)
        create(name, environment)
        made = Service(partial(create, name, environment), lambda url: f"ready: {url}/", health="/health", threads=8)
        sys.exit(serve(made, host, port))
    except KeyError as problem:
        click.echo(f"{name}: {problem} is missing in the environment.", err=True)
    except PortTakenError as problem:
        click.echo(f"{name}: {problem}", err=True)
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main(prog_name="python -m tpmock.mutants")
