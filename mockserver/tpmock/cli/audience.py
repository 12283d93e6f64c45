"""``tpmock audience``."""

from __future__ import annotations

from typing import Any

import click
from tpmock.cli.remote import Remote, control_command, on_sandbox, prints
from tpmock.cli.tables import table


@click.group()
def audience() -> None:
    """Create, list, sync and remove audiences of Segment Engage.

    The first sync comes six hours later on the sandbox's clock, later ones two to three hours apart.

    Example: tpmock audience create "Order completed last 30days" --event "Order Completed" --within P30D
    """


_CHANGED = table("events", {"user": "userId", "call": lambda row: row["event"] or row["type"], "dropped": "reason"})


@audience.command()
@click.argument("name")
@click.option("--event", help="The rule: users who caused this track event.")
@click.option("--within", metavar="DURATION", help="How long ago at most, such as P30D.")
@click.option("--member", "users", multiple=True, metavar="USER[=EMAIL]", help="A list in place of a rule; repeatable.")
@click.option("--trait", is_flag=True, help="Make a computed trait: the number of events, in place of true and false.")
@click.option("--form", type=click.Choice(["identify", "track"]), help="Which call Engage sends.  [default: identify]")
@click.option("--destination", "destinations", multiple=True, help="Send it only to this destination; repeatable.")
@prints(
    lambda made: click.echo(
        f"{made['key']}: {made['size']} user{'s' * (made['size'] != 1)}, next sync at {made['nextSyncAt']}."
    )
)
@on_sandbox
def create(
    remote: Remote, name: str, users: tuple[str, ...], destinations: tuple[str, ...], *, trait: bool, **given: Any
) -> object:
    """Create an audience or a computed trait, or change it.

    Example: tpmock audience create "VIP" --member customer-1=ada@example.com
    """
    body: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if trait:
        body["computes"] = "trait"
    if users:
        pairs = (user.partition("=") for user in users)
        body["members"] = [{"userId": user, "emails": [email] if email else []} for user, _, email in pairs]
    if destinations:
        body["destinations"] = list(destinations)
    return remote.call("PUT", f"/segment/audiences/{name}", body)


control_command(
    audience,
    "list",
    "GET /segment/audiences",
    "List audiences and computed traits with the time of their next sync.",
    show=table(
        "audiences",
        {"name": "name", "key": "key", "users": "size", "not sent yet": "pending", "next sync": "nextSyncAt"},
    ),
)
control_command(
    audience,
    "sync",
    "POST /segment/audiences/{name}/sync",
    "Sync an audience at once, and list the calls that this sends.",
    click.argument("name"),
    show=_CHANGED,
    example="VIP",
)
control_command(
    audience,
    "remove",
    "DELETE /segment/audiences/{name}",
    "Remove an audience; destinations are not notified.",
    click.argument("name"),
    example="VIP",
)
