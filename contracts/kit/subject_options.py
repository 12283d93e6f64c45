"""Which subject the options of the command ``test`` mean; refused in a sentence where they contradict each other."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from contracts.kit import contract as contracts
from contracts.kit import subjects
from contracts.kit.contract import Contract
from contracts.kit.processes import CannotStartError
from contracts.kit.subjects import Subject


def contract(file: Path | None, other: str | None) -> Contract | None:
    """The contract that a file holds, unless another option names the subject.

    :raises ContractError: when the file cannot be used.
    """
    if file is not None and other:
        raise click.UsageError("--contract names the subject; leave out --mutant, --command and --destination-url.")
    return None if file is None else contracts.read(file)


def ask(text: str) -> None:
    """Show a person what to do, and wait until it is done."""
    click.echo(f"\n{text}\nPress Enter when it is done.", err=True)
    if not sys.stdin.readline():
        raise CannotStartError("The contract needs a person at the terminal, and standard input has ended.")


def subject(mutant: str | None, command: str | None, url: str | None, needed: Mapping[str, str | None]) -> Subject:
    """The subject of ``--mutant``, ``--command`` or ``--destination-url``; without them the bundled destination.

    :param needed: what a subject that runs already has to be told besides, by the option's name.
    """
    given = [
        name for name, value in (("--mutant", mutant), ("--command", command), ("--destination-url", url)) if value
    ]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} name different subjects; give one.")
    if url:
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise click.UsageError(f"--destination-url needs {', '.join(missing)} as well.")
        return subjects.RunningSubject(url, str(needed["--integration-key"]))
    for name in ("--integration-key", "--sandbox"):
        if needed[name]:
            raise click.UsageError(
                f"{name} goes with --destination-url; a subject that the kit starts gets a sandbox of its own."
            )
    if mutant:
        return subjects.mutant(mutant)
    return subjects.StartedSubject("the program of --command", command) if command else subjects.bundled()


def kind(mutant: str | None, contract_file: Path | None, other: str | None) -> dict[str, str]:
    """How a pack says by which way its subject came."""
    if mutant:
        return {"kind": "mutant", "mutant": mutant}
    return {"kind": "contract" if contract_file else "other" if other else "bundled"}
