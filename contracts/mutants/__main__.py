"""``python -m contracts.mutants NAME``: serve a destination that is wrong in one way."""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from contracts.destination.start import UNUSABLE, start
from contracts.mutants.catalogue import MUTANTS, SENTENCES, create, create_mutant
from contracts.serving import PortTakenError, Service, serve

_EXAMPLE = """\b
Example:
  python -m contracts.mutants --list
  python -m contracts.mutants no-dedupe --port 0
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
        sys.exit(serve(Service(partial(create, name, environment), _ready, health="/health", threads=8), host, port))
    except KeyError as problem:
        click.echo(f"{name}: {problem} is missing in the environment.", err=True)
    except PortTakenError as problem:
        click.echo(f"{name}: {problem}", err=True)
    sys.exit(UNUSABLE)


def _ready(url: str) -> str:
    return f"ready: {url}/"


if __name__ == "__main__":
    main(prog_name="python -m contracts.mutants")
