"""``tpmock clock``."""

from __future__ import annotations

from typing import Any

import click

from mockserver.commands.running import Remote, as_json, on_sandbox, show_json, show_table


@click.group()
def clock() -> None:
    """Show a sandbox's own time, let it pass, stop it.

    Example: tpmock clock advance 7d
    """


def _show(time: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(time)
        return
    click.echo(f"{time['now']}{' (frozen)' if time['frozen'] else ''}")
    if "performed" in time:
        click.echo(f"{time['performed']} things happened on the way.")
    click.echo(f"Next due: {time['nextDue'] or 'nothing'}")


@clock.command()
@as_json
@on_sandbox
def show(remote: Remote, *, as_json: bool) -> None:
    """Show the time there and when the next thing is due.

    Example: tpmock clock show
    """
    _show(remote.call("GET", "/clock"), as_json=as_json)


@clock.command()
@click.argument("by")
@as_json
@on_sandbox
def advance(remote: Remote, by: str, *, as_json: bool) -> None:
    """Let time pass: P7D, PT101H, or short 7d, 101h, 30m, 45s. What falls due happens in order.

    Example: tpmock clock advance 101h
    """
    _show(remote.call("POST", "/clock/advance", {"by": by}), as_json=as_json)


@clock.command()
@as_json
@on_sandbox
def freeze(remote: Remote, *, as_json: bool) -> None:
    """Stop the clock where it is.

    Example: tpmock clock freeze
    """
    _show(remote.call("POST", "/clock/freeze"), as_json=as_json)


@clock.command()
@as_json
@on_sandbox
def resume(remote: Remote, *, as_json: bool) -> None:
    """Let the clock run on from where it stands.

    Example: tpmock clock resume
    """
    _show(remote.call("POST", "/clock/resume"), as_json=as_json)


@clock.command()
@click.option("--timeout", default="10s", show_default=True, help="Real time to wait at most; at most 60s.")
@as_json
@on_sandbox
def settle(remote: Remote, timeout: str, *, as_json: bool) -> None:
    """Wait until nothing is due and nothing is under way.

    Example: tpmock clock settle
    """
    settled = remote.call("POST", "/settle", {"timeout": timeout})
    if as_json:
        show_json(settled)


@clock.command()
@as_json
@on_sandbox
def due(remote: Remote, *, as_json: bool) -> None:
    """List what is due in the sandbox, in order.

    Example: tpmock clock due
    """
    listed = remote.call("GET", "/timeline")
    if as_json:
        show_json(listed)
        return
    show_table(("at", "what", "of"), ((row["at"], row["act"], row["subject"]) for row in listed["timeline"]))
