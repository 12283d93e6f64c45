"""The command ``init``: writes starter files, and overwrites none."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import click
from tpmock.common import installation
from tpmock.common.command_group import CommandGroup
from tpmock.common.version import __version__

FILES: Final = {
    ".github/actions/tpmock/action.yml": "action.yml",
    ".github/workflows/contract.yml": "workflow.yml",
    ".gitlab/tpmock.yml": "gitlab.yml",
    "contract.toml": "contract.toml",
    "test_contract_example.py": "example_test.py.txt",
}
"""What is written, by its place, and the file of this package that holds its text."""

#: Placeholder in the files for the package that pip installs.
REQUIREMENT: Final = "TPMOCK_REQUIREMENT"
#: The folder of a project for a wheel that no other machine could get.
_VENDOR: Final = "vendor"

_NEXT: Final = """\
Next:
  1. Put your own command into contract.toml, then run: tpmock test --contract contract.toml
  2. On GitHub: commit; the workflow runs on every push. On GitLab: add this to .gitlab-ci.yml:
       include: [{local: .gitlab/tpmock.yml}]"""


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
    """Write a GitHub action and workflow, a GitLab job, a contract.toml and a pytest example. Example: tpmock init ci

    They install what is installed here: the same version from the package index, the same commit of a repository, or a
    wheel of this installation, which is written into the project.
    """
    starter = files("tpmock.kit.cli") / "starter"
    pinned = _pinned()
    for name, source in FILES.items():
        text = (starter / source).read_text("utf-8").replace(REQUIREMENT, pinned.requirement)
        _write(folder / name, text.encode())
    if pinned.wheel is not None:
        _write(folder / pinned.requirement, pinned.wheel)
    if pinned.advice:
        click.echo(pinned.advice)
    click.echo(_NEXT)


class _Pinned(NamedTuple):
    """How another machine installs what is installed here.

    :ivar requirement: for ``pip install``, without quotes
    :ivar wheel: content of the file that the requirement names, when the project must bring it
    :ivar advice: what the user has to do for it; empty when nothing
    """

    requirement: str
    wheel: bytes | None = None
    advice: str = ""


def _pinned() -> _Pinned:
    found = installation.source()
    if found.portable:
        return _Pinned(found.pinned(__version__))
    # Late: they take as long to import as the command to run.
    from importlib.metadata import distribution  # noqa: PLC0415

    from tpmock.kit.cli.vendoring import VendoringError, wheel_of  # noqa: PLC0415

    why = "its files are used in place"
    if not found.editable:
        try:
            made = wheel_of(distribution(installation.NAME))
        except VendoringError as problem:
            why = str(problem)
        else:
            return _Pinned(f"./{_VENDOR}/{made.name}", made.content)
    return _Pinned(
        f"./{_VENDOR}/{installation.NAME}-{__version__}-py3-none-any.whl",
        advice=f"The CI installs a wheel that this installation cannot make, because {why}. Build it in the project:\n"
        f"  pip wheel --no-deps --wheel-dir {_VENDOR} {shlex.quote(found.requirement())}",
    )


def _write(file: Path, content: bytes) -> None:
    if file.exists():
        click.echo(f"kept     {file}")
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as problem:
        raise click.ClickException(f"{file} could not be written: {problem.strerror}.") from problem
    click.echo(f"written  {file}")
