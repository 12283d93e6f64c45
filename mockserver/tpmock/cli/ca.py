"""``tpmock ca``."""

from __future__ import annotations

from pathlib import Path

import click
from tpmock.cli.errors import impossible, write_file
from tpmock.common.command_group import CommandGroup


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.option(
    "--export",
    metavar="[FILE]",
    is_flag=False,
    flag_value="-",
    help="Write the certificate (never the key) to this file, or print it. Creates the authority if needed.",
)
@click.pass_context
def ca(context: click.Context, export: str | None) -> None:
    """Show, export or remove the local certificate authority. It shows the folder, the fingerprint and the
    expiry date of the authority.

    It signs the certificates of `tpmock up --tls` and `tpmock run` for Trustpilot's and Segment's host names and this
    machine. tpmock never installs it into a trust store.

    Example: tpmock ca --export tpmock.pem
    """
    from tpmock.tls.authority import AuthorityFolder  # noqa: PLC0415 - commands load what they need
    from tpmock.tls.errors import AuthorityError  # noqa: PLC0415

    if context.invoked_subcommand is not None:
        return
    with impossible(AuthorityError):
        folder = AuthorityFolder()
        if export is not None:
            pem = folder.get(_say).authority.pem.decode("ascii")
            if export == "-":
                click.echo(pem, nl=False)
            else:
                write_file(Path(export), pem)
            return
        kept = folder.find()
    if kept is None:
        click.echo(f"No local authority exists yet. `tpmock up --tls` and `tpmock run` create it in {folder.folder}.")
        return
    click.echo(f"certificate  {kept.file}")
    click.echo(f"SHA-256      {kept.authority.fingerprint}")
    click.echo(f"expires      {kept.authority.ends:%Y-%m-%dT%H:%M:%SZ}")


@ca.command()
def remove() -> None:
    """Delete the local authority and its key. The next command that needs one creates a new one.

    Example: tpmock ca remove
    """
    from tpmock.tls.authority import AuthorityFolder  # noqa: PLC0415 - commands load what they need
    from tpmock.tls.errors import AuthorityError  # noqa: PLC0415

    with impossible(AuthorityError):
        folder = AuthorityFolder()
        removed = folder.remove()
    click.echo(
        f"Deleted the local authority in {folder.folder}. If a trust store contains it, remove it there too."
        if removed
        else f"No local authority exists in {folder.folder}."
    )
