"""The command ``evidence``: verifies a pack that ``tpmock test --evidence`` wrote."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
from tpmock.common.command_group import CommandGroup
from tpmock.kit.cases import case_files
from tpmock.kit.reports import evidence as packs
from tpmock.kit.reports.as_json import digest_of
from tpmock.kit.reports.collector import gathered
from tpmock.kit.run.engine import Run
from tpmock.kit.subjects import contract, contract_subject
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.subjects.subjects import Subject


@click.group(cls=CommandGroup)
def evidence() -> None:
    """Verify and show evidence packs.

    Example: tpmock evidence verify out.zip
    """


@evidence.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rerun", is_flag=True, help="Run it again from its seed and compare. Example: --rerun")
@click.option(
    "--contract",
    "contract_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --rerun: how to start the subject, which is not part of a pack. Example: --contract contract.toml",
)
def verify(file: Path, rerun: bool, contract_file: Path | None) -> None:  # noqa: FBT001 - click's signature
    """Check that a pack is complete and consistent. Example: tpmock evidence verify out.zip

    Needs no mock. Digests detect damage; only --rerun detects a forged pack.
    """
    found = packs.examine(file)
    for mistake in found.mistakes:
        click.echo(f"wrong: {mistake}")
    click.echo(f"sha256 {found.digest}  {file.name}")
    if found.mistakes:
        sys.exit(1)
    about, summary = found.results["run"], found.results["summary"]
    click.echo(
        f"The pack is complete: plan {about['plan']}, {summary['cases']} cases, {summary['passed']} passed, "
        f"{summary['failed']} failed, seed {about['seed']}, {about['subject']['name']}, tpmock {about['tpmock']}."
    )
    if rerun:
        sys.exit(_again(found, contract_file))


def _again(found: packs.Examined, contract_file: Path | None) -> int:
    about = found.results["run"]
    every = {case.id: case for case in case_files.load_plan(case_files.STANDARD)}
    chosen = [every[one["id"]] for one in found.results["cases"]]
    if digest_of(chosen) != about["casesDigest"]:
        click.echo("different: the cases of this version differ from those of the pack.")
        return 1
    run = Run(about["plan"], chosen, _subject(about["subject"], contract_file), partial(open_mock, None), about["seed"])
    report = gathered(run.events())
    if report.finished.impossible:
        click.echo(f"The run was impossible. {report.finished.impossible}")
        return 2
    different = packs.differences(found.results, report)
    for one in different:
        click.echo(f"different: {one}")
    if not different:
        click.echo(f"Run again, {len(chosen)} cases have the same results.")
    return 1 if different else 0


def _subject(about: dict[str, Any], contract_file: Path | None) -> Subject:
    if contract_file is not None:
        try:
            return ContractSubject(contract.read(contract_file))
        except contract.ContractError as problem:
            raise click.UsageError(str(problem)) from None
    if about["kind"] == "bundled":
        return contract_subject.bundled()
    if about["kind"] == "mutant":
        return contract_subject.mutant(about["mutant"])
    raise click.UsageError(f"{about['name']} is not part of tpmock. Name its contract with --contract.")
