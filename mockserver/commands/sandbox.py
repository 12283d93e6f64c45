"""``tpmock sandbox``."""

from __future__ import annotations

import click

from mockserver.client import ControlClient
from mockserver.commands.running import Remote, as_json, on_mock, on_sandbox, show_json, show_table


@click.group()
def sandbox() -> None:
    """Make, list, reset and remove sandboxes, and keep named states of one.

    Example: tpmock sandbox create --id mine
    """


@sandbox.command("list")
@as_json
@on_mock
def list_sandboxes(client: ControlClient, *, as_json: bool) -> None:
    """List the sandboxes.

    Example: tpmock sandbox list
    """
    listed = client.call("GET", "/sandboxes")
    if as_json:
        show_json(listed)
        return
    show_table(
        ("sandbox", "seed", "world", "its time", "apiKey"),
        (
            (row["id"], row["seed"], row["world"], row["now"], row["credentials"]["apiKey"])
            for row in listed["sandboxes"]
        ),
    )


@sandbox.command()
@click.option("--id", "sandbox_id", help="Its name; by default one is chosen.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed: same ids.")
@click.option("--world", default="default", show_default=True, help="The name of the seed it is made from.")
@click.option("--variant", "variants", multiple=True, metavar="NAME=VALUE", help="A switch; repeatable.")
@click.option("--time", metavar="MOMENT", help="Its clock begins then, as in 2026-01-31T12:00:00Z; by default now.")
@click.option("--journal", type=click.IntRange(1), help="How many exchanges it remembers; by default 10,000.")
@as_json
@on_mock
def create(
    client: ControlClient,
    sandbox_id: str | None,
    seed: int,
    world: str,
    variants: tuple[str, ...],
    time: str | None,
    journal: int | None,
    *,
    as_json: bool,
) -> None:
    """Make a sandbox and print its name; --json prints its credentials too.

    Example: tpmock sandbox create --variant partner_grant=password
    """
    body = {"seed": seed, "world": world, "variants": dict(_switch(text) for text in variants)}
    asked = {"id": sandbox_id, "time": time, "journal": journal}
    made = client.call("POST", "/sandboxes", body | {name: value for name, value in asked.items() if value})
    if as_json:
        show_json(made)
    else:
        click.echo(made["id"])


def _switch(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--variant")
    return name, value


@sandbox.command()
@on_sandbox
def reset(remote: Remote) -> None:
    """Take a sandbox back to its seed, its clock too.

    Example: tpmock sandbox reset --sandbox mine
    """
    remote.call("POST", "/reset")


@sandbox.command()
@on_sandbox
def delete(remote: Remote) -> None:
    """Remove a sandbox and everything in it.

    Example: tpmock sandbox delete --sandbox mine
    """
    remote.call("DELETE", "")


@sandbox.command()
@click.argument("name")
@on_sandbox
def snapshot(remote: Remote, name: str) -> None:
    """Keep the state of a sandbox under a name.

    Example: tpmock sandbox snapshot before-the-sale
    """
    remote.call("PUT", f"/snapshots/{name}")


@sandbox.command()
@click.argument("name")
@on_sandbox
def restore(remote: Remote, name: str) -> None:
    """Take a sandbox back to a named state.

    Example: tpmock sandbox restore before-the-sale
    """
    remote.call("POST", f"/snapshots/{name}/restore")


@sandbox.command()
@as_json
@on_sandbox
def snapshots(remote: Remote, *, as_json: bool) -> None:
    """List the named states of a sandbox.

    Example: tpmock sandbox snapshots
    """
    listed = remote.call("GET", "/snapshots")
    if as_json:
        show_json(listed)
        return
    show_table(
        ("snapshot", "its time", "bytes"), ((row["name"], row["now"], row["bytes"]) for row in listed["snapshots"])
    )
