"""Subject of the options of the command ``test``; contradicting options are refused with an error message."""

from __future__ import annotations

import sys

import click
from tpmock.kit.cli.options import Options
from tpmock.kit.subjects import contract as contracts
from tpmock.kit.subjects import contract_subject, subjects
from tpmock.kit.subjects.contract import Contract
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.subjects.subjects import Subject


def contract(options: Options) -> Contract | None:
    """Return the contract that a file holds, unless another option names the subject."""
    if options.contract_file is None:
        return None
    if options.mutant or options.command or options.destination_url:
        raise click.UsageError("--contract names the subject; leave out --mutant and --command.")
    return contracts.read(options.contract_file)


def ask(text: str) -> None:
    """Show a person what to do, and wait until it is done."""
    click.echo(f"\n{text}\nPress Enter when it is done.", err=True)
    if not sys.stdin.readline():
        raise CannotStartError("The contract needs a person at the terminal, and standard input has ended.")


def subject(options: Options) -> Subject:
    """Return the subject of ``--mutant``, ``--command`` or ``--destination-url``; without them the bundled
    destination.
    """
    mutant, command, url = options.mutant, options.command, options.destination_url
    named = {"--mutant": mutant, "--command": command, "--destination-url": url}
    given = [name for name, value in named.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} name different subjects; give one.")
    # Options that a running subject needs besides.
    needed = {"--integration-key": options.integration_key, "--mock": options.mock_url, "--sandbox": options.sandbox}
    if url:
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise click.UsageError(f"A running destination needs {', '.join(missing)} as well.")
        return subjects.ExternalSubject(url, str(needed["--integration-key"]))
    for name in ("--integration-key", "--sandbox"):
        if needed[name]:
            raise click.UsageError(
                f"{name} is for a running destination; a subject that the kit starts gets its own sandbox."
            )
    if mutant:
        return contract_subject.mutant(mutant)
    return contract_subject.by_command(command) if command else contract_subject.bundled()


def kind(options: Options) -> dict[str, str]:
    """Return how a pack describes the way to its subject."""
    if options.mutant:
        return {"kind": "mutant", "mutant": options.mutant}
    other = "other" if options.command or options.destination_url else "bundled"
    return {"kind": "contract" if options.contract_file else other}
