"""``tpmock sandbox``."""

from __future__ import annotations

import click
from tpmock.cli.remote import control_command, on_mock, prints
from tpmock.cli.tables import table
from tpmock.common.command_group import CommandGroup
from tpmock.common.control_client import ControlClient


@click.group(cls=CommandGroup)
def sandbox() -> None:
    """Create, reset and remove sandboxes; save snapshots.

    Example: tpmock sandbox create --id mine
    """


@sandbox.command("list")
@prints(
    table(
        "sandboxes",
        {
            "sandbox": "id",
            "seed": "seed",
            "world": "world",
            "its time": "now",
            "apiKey": lambda row: row["credentials"]["apiKey"],
        },
    )
)
@on_mock
def list_sandboxes(client: ControlClient) -> object:
    """List the sandboxes.

    Example: tpmock sandbox list
    """
    return client.call("GET", "/sandboxes", None, {"limit": 10_000})


@sandbox.command()
@click.option("--id", help="Name of the sandbox; default: generated.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed; the same seed gives the same ids."
)
@click.option("--world", default="default", show_default=True, help="Name of its world.")
@click.option("--variant", "variants", multiple=True, metavar="NAME=VALUE", help="Value of a variant; repeatable.")
@click.option("--time", metavar="MOMENT", help="Start of its clock, such as 2026-01-31T12:00:00Z; default: now.")
@click.option("--journal", type=click.IntRange(1), help="Maximum number of exchanges in its journal; default: 10,000.")
@prints(lambda made: click.echo(made["id"]))
@on_mock
def create(client: ControlClient, variants: tuple[str, ...], **options: object) -> object:
    """Create a sandbox and print its name; --json also prints its credentials.

    Example: tpmock sandbox create --variant partner_grant=password
    """
    given = {name: value for name, value in options.items() if value not in (None, "")}
    return client.call("POST", "/sandboxes", given | {"variants": dict(map(_switch, variants))})


def _switch(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--variant")
    return name, value


_MINE = "--sandbox mine"
control_command(sandbox, "reset", "POST /reset", "Reset a sandbox to its world, including its clock.", example=_MINE)
control_command(sandbox, "delete", "DELETE ", "Remove a sandbox with all its data.", example=_MINE)

_NAME = click.argument("name")
_SNAPSHOT = "/snapshots/{name}"
_BEFORE = "before-the-sale"
control_command(
    sandbox, "snapshot", f"PUT {_SNAPSHOT}", "Save the state of a sandbox under a name.", _NAME, example=_BEFORE
)
control_command(
    sandbox, "restore", f"POST {_SNAPSHOT}/restore", "Restore a sandbox to a saved snapshot.", _NAME, example=_BEFORE
)
control_command(
    sandbox,
    "snapshots",
    "GET /snapshots",
    "List the snapshots of a sandbox.",
    show=table("snapshots", {"snapshot": "name", "its time": "now", "bytes": "bytes"}),
)
