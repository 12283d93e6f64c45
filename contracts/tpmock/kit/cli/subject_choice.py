"""Subject of the options of the command ``test``; contradicting options are refused with an error message."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
from tpmock.common.suggestions import did_you_mean
from tpmock.kit.cases import claims
from tpmock.kit.cli.options import Options
from tpmock.kit.subjects import contract as contracts
from tpmock.kit.subjects import contract_subject, subjects
from tpmock.kit.subjects.contract import Contract
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.subjects.subjects import Pace, Subject


def contract(options: Options) -> Contract | None:
    """Return the contract that a file holds, unless another option names the subject."""
    if options.contract_file is None:
        return None
    if options.mutant or options.command or options.destination_url:
        raise click.UsageError("--contract names the subject; leave out --mutant and --command.")
    if options.claims:
        raise click.UsageError("--contract states the claims: add them to subject.claims, and leave out --claim.")
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
        return subjects.ExternalSubject(url, str(needed["--integration-key"]), *_claimed(options.claims))
    for name in ("--integration-key", "--sandbox"):
        if needed[name]:
            raise click.UsageError(
                f"{name} is for a running destination; a subject that the kit starts gets its own sandbox."
            )
    if options.claims and not command:
        raise click.UsageError("--claim is for the program of --command and for a running destination.")
    if mutant:
        return contract_subject.mutant(mutant)
    return contract_subject.by_command(command, *_claimed(options.claims)) if command else contract_subject.bundled()


def _claimed(named: Iterable[str]) -> tuple[frozenset[str], Pace]:
    """Return the claims of ``--claim``, and what the subject does by its own clock."""
    said: dict[str, str | None] = {}
    for words in named:
        name, equals, duration = words.partition("=")
        if name not in claims.STATABLE:
            raise click.UsageError(f"--claim: no claim is named {name}. {did_you_mean(name, claims.STATABLE)}")
        if equals and name not in (claims.OWN_PATIENCE, claims.ANSWERS_LATER):
            raise click.UsageError(f"--claim: {name} takes no duration. Write --claim {name}.")
        said[name] = duration if equals else None
    try:
        pace = contracts.pace(said, said.get(claims.OWN_PATIENCE), said.get(claims.ANSWERS_LATER))
    except ValueError as problem:
        raise click.UsageError(f"--claim: {problem}.") from None
    return claims.stated(said), pace


def kind(options: Options) -> dict[str, str]:
    """Return how a pack describes the way to its subject."""
    if options.mutant:
        return {"kind": "mutant", "mutant": options.mutant}
    other = "other" if options.command or options.destination_url else "bundled"
    return {"kind": "contract" if options.contract_file else other}
