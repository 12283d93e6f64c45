"""``tpmock redirect``."""

from __future__ import annotations

import click
from tpmock.cli.remote import Remote, control_command, on_sandbox
from tpmock.cli.tables import table
from tpmock.common.command_group import CommandGroup


@click.group(cls=CommandGroup)
def redirect() -> None:
    """List, add and remove redirect addresses of an application.

    Trustpilot's login sends customers back to one of them.

    Example: tpmock redirect add https://shop.example.com/callback
    """


control_command(
    redirect,
    "add",
    "POST /redirect-addresses",
    "Register an address for the sandbox's API keys, or for one of them.",
    click.argument("address"),
    click.option("--api-key", "apiKey", metavar="KEY", help="Only for this API key."),
    show=lambda made: click.echo(f"{made['address']} is registered for {', '.join(made['applications'])}."),
    example="https://shop.example.com/callback",
)
control_command(
    redirect,
    "list",
    "GET /redirect-addresses",
    "List the registered addresses and their applications.",
    show=table(
        "redirect-addresses", {"address": "address", "applications": lambda row: ", ".join(row["applications"])}
    ),
)


@redirect.command()
@click.argument("address")
@on_sandbox
def remove(remote: Remote, address: str) -> None:
    """Remove a registered address.

    Example: tpmock redirect remove https://shop.example.com/callback
    """
    remote.call("DELETE", "/redirect-addresses", address=address)
