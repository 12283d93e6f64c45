"""``tpmock env``."""

from __future__ import annotations

import click
from tpmock.cli.remote import Remote, on_sandbox


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["shell", "dotenv", "json"]),
    default="shell",
    show_default=True,
    help="Output format.",
)
@on_sandbox
def env(remote: Remote, form: str) -> None:
    """Print addresses and credentials of a sandbox.

    Example: eval "$(tpmock env)"
    """
    from tpmock.common import environment  # noqa: PLC0415 - commands load what they need

    write = {"shell": environment.shell, "dotenv": environment.dotenv, "json": environment.as_json}[form]
    click.echo(write(environment.variables(remote.call("GET", ""))))
