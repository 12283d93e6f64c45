"""The command ``init``: writes starter files, and overwrites none."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path
from typing import Final

import click
from tpmock.common import installation
from tpmock.common.command_group import CommandGroup

FILES = {
    ".github/workflows/contract.yml": "workflow.yml",
    "contract.toml": "contract.toml",
    "test_contract_example.py": "example_test.py.txt",
}
"""What is written, by its place, and the file of this package that holds its text."""

#: Placeholder in the files for the package that pip installs.
REQUIREMENT: Final = "TPMOCK_REQUIREMENT"


@click.group(cls=CommandGroup)
def init() -> None:
    """Write starter files for a project.

    Example: tpmock init ci
    """


@init.command()
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project. Example: --folder my-shop. Default: this folder.",
)
def ci(folder: Path) -> None:
    """Write a GitHub workflow, a contract.toml and a pytest example. Example: tpmock init ci"""
    starter = files("tpmock.kit.cli") / "starter"
    installed = installation.source()
    elsewhere = installed if installed.portable else installation.repository()
    requirement = shlex.quote(elsewhere.requirement())
    for name, source in FILES.items():
        file = folder / name
        if file.exists():
            click.echo(f"kept     {file}")
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            text = (starter / source).read_text("utf-8").replace(REQUIREMENT, requirement)
            file.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise click.ClickException(f"{file} could not be written: {problem.strerror}.") from problem
        click.echo(f"written  {file}")
    if not installed.portable:
        click.echo(
            f"The workflow installs {requirement}, because a runner cannot read {installed.requirement()}, from which"
            " tpmock is installed here. Change that line if tpmock is to be found elsewhere."
        )
    click.echo("Next: put your own command into contract.toml, then run: tpmock test --contract contract.toml")
