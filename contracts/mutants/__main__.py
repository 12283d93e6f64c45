"""``python -m contracts.mutants NAME``: serve a destination that is wrong in one way."""

from __future__ import annotations

import sys
from functools import partial

import click

from contracts.destination.start import start
from contracts.mutants.catalogue import MUTANTS, create_mutant

_EXAMPLE = """\b
Example:
  python -m contracts.mutants --list
  python -m contracts.mutants no-dedupe --port 0
"""


def _list(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted:
        width = max(map(len, MUTANTS))
        for name, mutant in MUTANTS.items():
            click.echo(f"{name:<{width}}  {mutant.sentence}")
        context.exit()


@click.command(epilog=_EXAMPLE)
@click.argument("name", type=click.Choice(list(MUTANTS)), metavar="NAME")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks one.")
@click.option("--ledger", metavar="FILE|URL", help="Database of invited orders; wins over LEDGER_URL.")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the mutants.")
def main(name: str, host: str, port: int, ledger: str | None) -> None:
    """Serve the destination NAME, configured by the same environment as the real one."""
    sys.exit(start(partial(create_mutant, name), host, port, ledger))


if __name__ == "__main__":
    main(prog_name="python -m contracts.mutants")
