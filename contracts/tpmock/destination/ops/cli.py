"""The command ``destination``: runs the service, and administers it."""

from __future__ import annotations

import sys

import click
from tpmock.common.command_group import CommandGroup

_EXAMPLE = """\b
Example:
  export INTEGRATION_KEY=$(openssl rand -hex 24)
  export TRUSTPILOT_API_KEY=... TRUSTPILOT_API_SECRET=...
  export TRUSTPILOT_BUSINESS_UNIT_ID=507f191e810c19729de860ea
  export TRUSTPILOT_BUSINESS_USER_ID=507f191e810c19729de860eb
  tpmock destination --port 8090

\b
Its README lists every variable: contracts/tpmock/destination/README.md.
"""

_database = click.option(
    "--database", metavar="FILE|URL", help="Database of orders and tokens; wins over DATABASE_URL."
)

# tpmock loads this module to list its commands: the web framework and the database wait until they are needed.


@click.group(cls=CommandGroup, epilog=_EXAMPLE, invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one."
)
@_database
@click.pass_context
def destination(context: click.Context, host: str, port: int, database: str | None) -> None:
    """Start the bundled Segment-to-Trustpilot destination. Its settings come from the environment."""
    if context.invoked_subcommand is not None:
        context.obj = database
        return
    from tpmock.destination.ops.start import start  # noqa: PLC0415
    from tpmock.destination.web.app import create_app  # noqa: PLC0415

    sys.exit(start(create_app, host, port, database))


@destination.command()
@click.option("--unconfirmed", is_flag=True, help="Only orders whose invitation is unconfirmed.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1), help="Maximum number, the latest first."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@_database
@click.pass_obj
def orders(above: str | None, *, unconfirmed: bool, limit: int, as_json: bool, database: str | None) -> None:
    """List the orders in the database. Example: tpmock destination orders --unconfirmed"""
    from tpmock.destination.ops import admin_commands  # noqa: PLC0415

    sys.exit(admin_commands.list_orders(database or above, unconfirmed=unconfirmed, limit=limit, as_json=as_json))


@destination.command()
@click.argument("order")
@click.option("--sent", "outcome", flag_value="sent", help="The invitation is in Trustpilot's history.")
@click.option(
    "--retry", "outcome", flag_value="retry", help="It is not in the history: the next event of this order may invite."
)
@click.option("--connection", metavar="ID", help="Connection of the order, when several have one with this id.")
@_database
@click.pass_obj
def resolve(above: str | None, order: str, outcome: str | None, connection: str | None, database: str | None) -> None:
    """Record the outcome of an unconfirmed order. Example: tpmock destination resolve 1001 --sent"""
    if outcome is None:
        raise click.UsageError("Say --sent or --retry.")
    from tpmock.destination.ops import admin_commands  # noqa: PLC0415

    sys.exit(admin_commands.resolve(database or above, order, connection, sent=outcome == "sent"))


@destination.command("new-key")
def new_key() -> None:
    """Print a new key for ENCRYPTION_KEYS. Example: export ENCRYPTION_KEYS=$(tpmock destination new-key)"""
    from tpmock.destination.storage.vault import new_key as made  # noqa: PLC0415

    click.echo(made())


@destination.command()
@_database
@click.pass_obj
def rekey(above: str | None, database: str | None) -> None:
    """Seal everything in the database under the first of ENCRYPTION_KEYS. Example: tpmock destination rekey"""
    from tpmock.destination.ops import admin_commands  # noqa: PLC0415

    sys.exit(admin_commands.rekey(database or above))


@destination.command("discard-unreadable")
@click.option("--yes", "confirmed", is_flag=True, help="Do not ask for a confirmation.")
@_database
@click.pass_obj
def discard_unreadable(above: str | None, *, confirmed: bool, database: str | None) -> None:
    """Delete what ENCRYPTION_KEYS cannot open, for good. Example: tpmock destination discard-unreadable"""
    from tpmock.destination.ops import admin_commands  # noqa: PLC0415

    sys.exit(admin_commands.discard_unreadable(database or above, confirmed=confirmed))
