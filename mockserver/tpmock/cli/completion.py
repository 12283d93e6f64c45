"""``tpmock completion``."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

_SHELLS: Final = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      tpmock completion bash > ~/.local/share/bash-completion/completions/tpmock
      tpmock completion zsh > ~/.zfunc/_tpmock
      tpmock completion fish > ~/.config/fish/completions/tpmock.fish
    """
    of_shell = get_completion_class(shell)
    assert of_shell is not None, shell  # noqa: S101 - click has all of _SHELLS
    click.echo(of_shell(ctx.find_root().command, {}, "tpmock", "_TPMOCK_COMPLETE").source())
