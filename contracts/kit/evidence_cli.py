"""The command ``evidence``: looks through a pack that ``tpmock test --evidence`` wrote."""

from __future__ import annotations

import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click

from contracts.kit import contract, subjects
from contracts.kit import evidence as packs
from contracts.kit.contract_subject import ContractSubject
from contracts.kit.engine import Run
from contracts.kit.local_mock import open_mock
from contracts.kit.processes import CannotStartError
from contracts.kit.reports.gathered import Gathering, Report
from contracts.kit.subjects import Subject


@click.group()
def evidence() -> None:
    """Look through evidence packs. Example: tpmock evidence verify out.zip"""


@evidence.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rerun", is_flag=True, help="Run it again from its seed and compare. Example: --rerun")
@click.option(
    "--contract",
    "contract_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --rerun: how to start the subject, which a pack never says. Example: --contract contract.toml",
)
def verify(file: Path, rerun: bool, contract_file: Path | None) -> None:  # noqa: FBT001 - click's signature
    """Check that a pack is whole and says one thing. Example: tpmock evidence verify out.zip

    Needs no mock. Digests show damage and carelessness; whether a pack is honest is shown by --rerun.
    """
    found = packs.examine(file)
    for mistake in found.mistakes:
        click.echo(f"wrong: {mistake}")
    click.echo(f"sha256 {found.digest}  {file.name}")
    if found.mistakes:
        sys.exit(1)
    about, summary = found.environment, found.results["summary"]
    click.echo(
        f"The pack is whole: plan {about['plan']}, {summary['cases']} cases, {summary['passed']} passed, "
        f"{summary['failed']} failed, seed {about['seed']}, {about['subject']['name']}, tpmock {about['tpmock']}."
    )
    if rerun:
        sys.exit(_again(found, contract_file))


def _again(found: packs.Examined, contract_file: Path | None) -> int:
    about = found.environment
    chosen = packs.known_cases(about["cases"])
    if packs.digest_of(chosen) != about["casesDigest"]:
        click.echo(f"The cases here are not those of the pack, which was made by tpmock {about['tpmock']}.")
    kept: list[Report] = []
    run = Run(about["plan"], chosen, _subject(about["subject"], contract_file), partial(open_mock, None), about["seed"])
    gathering = Gathering(kept.append)
    with closing(run.events()) as events:
        for event in events:
            gathering(event)
    if kept[0].finished.impossible:
        click.echo(f"The run was impossible. {kept[0].finished.impossible}")
        return 2
    different = packs.differences(found.results, kept[0])
    for one in different:
        click.echo(f"different: {one}")
    if not different:
        click.echo(f"Run again, {len(chosen)} cases came to the same.")
    return 1 if different else 0


def _subject(about: dict[str, Any], contract_file: Path | None) -> Subject:
    if contract_file is not None:
        try:
            return ContractSubject(contract.read(contract_file), _nobody)
        except contract.ContractError as problem:
            raise click.UsageError(str(problem)) from None
    if about["kind"] == "bundled":
        return subjects.bundled()
    if about["kind"] == "mutant":
        return subjects.mutant(about["mutant"])
    raise click.UsageError(f"{about['name']} does not come with tpmock: say how to start it with --contract.")


def _nobody(text: str) -> None:
    raise CannotStartError(f"A run that is repeated asks nobody: {text.splitlines()[0]}")
