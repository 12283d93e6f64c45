"""``tpmock invitation``."""

from __future__ import annotations

import click
from tpmock.cli.remote import Remote, control_command, on_sandbox, prints
from tpmock.cli.tables import Row, table
from tpmock.common.command_group import CommandGroup


@click.group(cls=CommandGroup)
def invitation() -> None:
    """List invitations, or show the email of one.

    Example: tpmock invitation list
    """


control_command(
    invitation,
    "list",
    "GET /invitations",
    "List the invitations of a sandbox.",
    show=table(
        "invitations",
        {
            "invitation": "id",
            "order": "referenceNumber",
            "type": "type",
            "state": lambda row: f"{row['state']} ({row['reason']})" if row["reason"] else row["state"],
            "send at": "sendAt",
            "sent at": "sentAt",
        },
    ),
)


def _show(mails: list[Row]) -> None:
    for mail in mails:
        to, template = mail["to"], mail["template"]
        click.echo(f"From:     {mail['from']['name']} <{mail['from']['email']}>")
        click.echo(f"To:       {to['name']} <{to['email']}>")
        click.echo(f"Subject:  {mail['subject']}")
        click.echo(f"Template: {template['name'] if isinstance(template, dict) else template or 'default'}")
        click.echo(f"\n{mail['text']}\n")


@invitation.command()
@click.argument("name")
@prints(_show)
@on_sandbox
def show(remote: Remote, name: str) -> list[Row]:
    """Show the emails of an invitation. Name it by its id or by its order number.

    Example: tpmock invitation show 1001
    """
    of_order = remote.call("GET", "/invitations", referenceNumber=name)["invitations"]
    return [remote.call("GET", f"/invitations/{one}/mail") for one in [row["id"] for row in of_order] or [name]]
