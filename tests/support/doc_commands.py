"""The page of the commands: each with its help, its options and its example."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import yaml
from tpmock.cli.main import tpmock
from tpmock.common import package_data

from tests.support.tables import table

#: Options that every command has which talks to a running mock; the page explains them once.
COMMON = ("--url", "--sandbox")


def groups() -> dict[str, list[str]]:
    """Return the names of the commands by group, in the order of ``tpmock --help``."""
    listed = yaml.safe_load(package_data.path("texts", "commands.yaml").read_bytes())
    return {group: list(names) for group, names in listed.items()}


def all_commands(name: str, command: click.Command, above: click.Context) -> Iterator[tuple[click.Command, str]]:
    """Yield a command and those below it, each with its full name."""
    full = f"{above.info_name} {name}"
    yield command, full
    if isinstance(command, click.Group):
        with click.Context(command, info_name=full) as context:
            for below in command.list_commands(context):
                found = command.get_command(context, below)
                assert found is not None
                yield from all_commands(below, found, context)


def every_command() -> Iterator[tuple[click.Command, str]]:
    """Yield every command with its full name."""
    with click.Context(tpmock, info_name="tpmock") as context:
        for name in tpmock.list_commands(context):
            found = tpmock.get_command(context, name)
            assert found is not None
            yield from all_commands(name, found, context)


def paragraphs(command: click.Command) -> Iterator[str]:
    """Yield the paragraphs of a command's help; an example becomes code."""
    for part in re.split(r"\n\s*\n", (command.help or "").strip()):
        if part.startswith("\b"):
            lines = [line.strip() for line in part.splitlines()[1:]]
            lines = lines[1:] if re.fullmatch(r"Examples?:", lines[0]) else lines
            yield "Examples:\n\n" + "\n".join(f"    {line}" for line in lines)
        else:
            one = " ".join(part.split()).replace("``", "`")
            yield re.sub(r"^Example: (.+)$", r"Example: `\1`", one)


def options(command: click.Command) -> str:
    """Return the table of a command's own options."""
    common = _common()

    def rows() -> Iterator[tuple[str, str]]:
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden and common.get(option.opts[0]) != option.help:
                names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
                yield names, re.sub(r"\bExample: (.+?)(?=\. [A-Z]|$)", r"Example: `\1`", option.help or "")

    listed = list(rows())
    return table("option", "meaning", rows=listed) if listed else ""


def usage(command: click.Command, name: str) -> str:
    with click.Context(command, info_name=name) as context:
        return " ".join([name, *command.collect_usage_pieces(context)])


def commands() -> str:
    """Return a section for each group of commands, with each command and each subcommand."""
    parts = []
    with click.Context(tpmock, info_name="tpmock") as context:
        for group, names in groups().items():
            parts.append(f"## {group}")
            for name in names:
                found = tpmock.get_command(context, name)
                assert found is not None
                for command, full in all_commands(name, found, context):
                    parts += [f"### {full}", f"`{usage(command, full)}`", *paragraphs(command)]
                    parts += [shown] if (shown := options(command)) else []
    return "\n" + "\n\n".join(parts) + "\n"


def _common() -> dict[str, str | None]:
    """Return the help of the options that all commands have which talk to a running mock."""
    env = tpmock.get_command(click.Context(tpmock), "env")
    assert env is not None
    return {part.opts[0]: part.help for part in env.params if isinstance(part, click.Option) and part.opts[0] in COMMON}


def common_options() -> str:
    """Return the table of the options that the page explains once."""
    rows = ((f"`{name}`", str(text), f"`TPMOCK_{name[2:].upper()}`") for name, text in _common().items())
    return table("option", "meaning", "environment variable", rows=rows)
