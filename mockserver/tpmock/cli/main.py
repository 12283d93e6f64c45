"""The command ``tpmock``."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from tpmock.cli.errors import ExplainedError, impossible
from tpmock.common import compiled, package_data
from tpmock.common.command_group import CommandGroup
from tpmock.common.control_client import TOKEN_VARIABLE
from tpmock.common.version import __version__
from tpmock.core import help_pages, settings_file

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

#: The section of commands that are not in ``fixtures/texts/commands.yaml``.
_OTHERS: Final = "Other"


class Commands(CommandGroup):
    """Subcommands: modules of this package, and entry points of the group ``tpmock.commands``.

    ``fixtures/texts/commands.yaml`` has their order and a summary of each, so that listing them loads none.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return all names, without loading anything."""
        known = dict.fromkeys(name for group in _groups().values() for name in group)
        return list(known | dict.fromkeys(sorted(entry.name for entry in _of_others())))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List all commands in groups."""
        groups = _groups()
        known = {name for group in groups.values() for name in group}
        rest = {name: self.get_command(ctx, name) for name in self.list_commands(ctx) if name not in known}
        others = {name: command.get_short_help_str(limit=70) for name, command in rest.items() if command is not None}
        for title, group in {**groups, _OTHERS: others}.items():
            if group:
                with formatter.section(title):
                    formatter.write_dl(list(group.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; the project's settings are the defaults of its options."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            ctx.default_map = {name: _defaults(name, command)}
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the message of an error names the page of the documentation that explains it, if any."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            page = help_pages.of_message(error.format_message())
            if page is None:
                raise
            raise ExplainedError(error, page) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return a command; another package is imported only when its command is used."""
        if any(cmd_name in group for group in _groups().values()) and find_spec(f"tpmock.cli.{cmd_name}"):
            command: click.Command = getattr(import_module(f"tpmock.cli.{cmd_name}"), cmd_name)
            return command
        for entry in _of_others().select(name=cmd_name):
            loaded: Any = entry.load()
            if isinstance(loaded, click.Command):
                return loaded
        return None


def _groups() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = compiled.content(package_data.path("texts", "commands.yaml"))
    return found


def _of_others() -> EntryPoints:
    # Late, because listing installed packages takes as long as starting Python.
    from importlib.metadata import entry_points  # noqa: PLC0415

    return entry_points(group="tpmock.commands")


def _defaults(name: str, command: click.Command) -> dict[str, Any]:
    """Return the settings of this folder and the environment for a command, or for each command of a group."""
    with impossible(settings_file.SettingsError):
        settings = settings_file.read(Path.cwd(), os.environ)
    given = settings.of_command(name)
    if "control_token" in settings.values:
        # Commands that control a mock receive it by this name.
        os.environ.setdefault(TOKEN_VARIABLE, settings.values["control_token"])
    return dict.fromkeys(command.commands, given) if isinstance(command, click.Group) else given


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tpmock")
def tpmock() -> None:
    """A local Trustpilot and Segment mock server with a contract test kit.

    \b
    Examples:
      tpmock up
      tpmock event order --id 1001
      tpmock clock advance 7d
      tpmock trace 1001
      tpmock test

    Unofficial. Nothing leaves this machine.
    """


def main() -> None:
    """Run the command."""
    tpmock()
