"""Group of commands that suggests a command for an unknown name."""

from __future__ import annotations

import click
from tpmock.common.suggestions import did_you_mean


class CommandGroup(click.Group):
    """Group of commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of that name."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"No such command {args[0]!r}. {did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)
