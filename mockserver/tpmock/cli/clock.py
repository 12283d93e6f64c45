"""``tpmock clock``."""

from __future__ import annotations

import re

import click
from tpmock.cli.remote import control_command
from tpmock.cli.tables import Row, table
from tpmock.common.command_group import CommandGroup


@click.group(cls=CommandGroup)
def clock() -> None:
    """Show, advance, stop or start a sandbox's clock.

    Example: tpmock clock advance 7d
    """


def _show(time: Row) -> None:
    click.echo(f"{time['now']}{' (frozen)' if time['frozen'] else ''}")
    if "performed" in time:
        ran = time["performed"]
        click.echo(f"{ran} timeline {'entry' if ran == 1 else 'entries'} ran.")
    click.echo(f"Next due: {time['nextDue'] or 'nothing'}")
    if late := time["overdue"]:
        click.echo(f"Overdue by {late['seconds']} s: {late['reason']}")


control_command(
    clock, "show", "GET /clock", "Show the sandbox's time and when the next timeline entry is due.", show=_show
)


class _Negative(click.Command):
    """Accepts -3d as an argument, not as an option, so that the mock can report the error."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the remaining arguments."""
        negative = [word for word in args if re.match(r"-\d", word) and "--" not in args]
        rest = [word for word in args if word not in negative]
        return super().parse_args(ctx, [*rest, "--", *negative] if negative else args)


control_command(
    clock,
    "advance",
    "POST /clock/advance",
    "Advance the clock: P7D, PT101H, or short 7d, 101h, 30m, 45s. Due entries run in order.",
    click.argument("by"),
    show=_show,
    example="101h",
    cls=_Negative,
)
control_command(clock, "freeze", "POST /clock/freeze", "Freeze the clock.", show=_show)
control_command(clock, "resume", "POST /clock/resume", "Resume the clock.", show=_show)
control_command(
    clock,
    "settle",
    "POST /settle",
    "Wait until nothing is due and nothing is in progress.",
    click.option("--timeout", default="10s", show_default=True, help="Maximum real time to wait; up to 60s."),
    show=lambda _: None,
)
control_command(
    clock,
    "due",
    "GET /timeline",
    "List the timeline entries of the sandbox, in order.",
    show=table("timeline", {"at": "at", "what": "act", "of": "subject"}),
)
