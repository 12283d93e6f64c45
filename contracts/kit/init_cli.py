"""The command ``init``: writes files to begin with, and overwrites none."""

from __future__ import annotations

from pathlib import Path

import click

_WORKFLOW = """\
# Written by tpmock init ci. Nothing here needs a secret, and nothing leaves the runner.
name: Trustpilot contract
on: [push, pull_request]
permissions:
  contents: read
jobs:
  contract:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      # Install what your program needs here, too.
      - run: pip install "tpmock" pytest
      - run: >-
          tpmock test --contract contract.toml --report github
          --report html=contract-report.html --report junit=contract-results.xml --evidence contract-evidence.zip
      - run: pytest test_contract_example.py
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: contract
          path: contract-*
"""

_CONTRACT = """\
# What tpmock test is to judge. The README of tpmock explains every line.
plans = ["segment-destination"]

[subject]
name = "my destination"
claims = ["events"]

# Replace the command by your own; this one is the destination that comes with tpmock.
[start]
command = ["{python}", "-m", "contracts.destination", "--host", "127.0.0.1", "--port", "{port}"]
ready = "{url}/health"

[events]
to = "http://127.0.0.1:{port}"
integration_key = "{integrationKey}"
"""

_EXAMPLE = '''\
"""A test against the local Trustpilot. With --tpmock-contract=contract.toml every case of the contract is one, too."""

import requests


def test_an_unknown_domain_is_not_found(tpmock):
    query = {"name": "nobody.example.com", "apikey": tpmock.credentials["apiKey"]}
    answer = requests.get(f"{tpmock.urls['trustpilot']}/v1/business-units/find", params=query, timeout=10)
    assert answer.status_code == 404
'''

FILES = {
    ".github/workflows/contract.yml": _WORKFLOW,
    "contract.toml": _CONTRACT,
    "test_contract_example.py": _EXAMPLE,
}
"""What is written, by its place."""


@click.group()
def init() -> None:
    """Write files to begin with. Example: tpmock init ci"""


@init.command()
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project. Example: --folder my-shop. Default: this folder.",
)
def ci(folder: Path) -> None:
    """Write a GitHub workflow, a contract.toml and a pytest example. Example: tpmock init ci"""
    for name, text in FILES.items():
        file = folder / name
        if file.exists():
            click.echo(f"kept     {file}")
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise click.ClickException(f"{file} could not be written: {problem.strerror}.") from problem
        click.echo(f"written  {file}")
    click.echo("Next: put your own command into contract.toml, then run: tpmock test --contract contract.toml")
