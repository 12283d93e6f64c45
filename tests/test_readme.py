"""The README is true: its tables are up to date, its commands run, what it names exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.readme import README, with_tables

TEXT = README.read_text(encoding="utf-8")
ROOT = README.parent


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_the_tables_are_up_to_date() -> None:
    assert with_tables(TEXT) == TEXT, "run: python -m tests.readme --write"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in blocks("sh") if "[test]" in line).strip()
    assert command == "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    assert "/pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_link_into_the_repository_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "mockserver", "up", "--port", "0", "--destination-port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def shell(script: str) -> str:
    ran = subprocess.run(["/bin/bash", "-euc", script], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    return ran.stdout


def test_the_first_order_goes_as_it_is_told(running: dict[str, Any]) -> None:
    url = running["url"]
    scripts = [block for block in blocks("sh") if "$MOCK" in block]
    first, listed, why, advance, fault = (block.replace("http://127.0.0.1:8080", url) for block in scripts)
    settle = f"curl -s -X POST {url}/_mock/sandboxes/default/settle"
    assert shell(first + settle).startswith('{"success": true}')
    prelude = f"MOCK={url}\n"
    [invitation] = json.loads(shell(prelude + listed))["invitations"]
    assert (invitation["referenceNumber"], invitation["consumerName"]) == ("1001", "Ada Example")
    assert '"state": "delivered"' in shell(prelude + why)
    assert '"total": 1' in shell(prelude + advance)
    assert '"struck": 0' in shell(prelude + fault)


def test_the_first_order_is_the_line_that_up_prints(running: dict[str, Any]) -> None:
    from mockserver.cli import first_order  # noqa: PLC0415 - only here

    line = first_order("$MOCK", running["sandbox"]["credentials"]["writeKey"])
    assert line in TEXT


def test_the_python_example_runs(running: dict[str, Any]) -> None:
    [example] = blocks("python")
    script = example.replace("http://127.0.0.1:8080", running["url"])
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)  # noqa: S603 - our own words


def test_env_gives_what_the_readme_says(running: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "mockserver", "env", "--format", "json", "--url", running["url"]]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    for name in ("TRUSTPILOT_API_URL", "TRUSTPILOT_API_KEY", "SEGMENT_HOST", "SEGMENT_WRITE_KEY"):
        assert name in TEXT
        assert json.loads(printed)[name]


def test_every_subcommand_shown_exists() -> None:
    shown = set(re.findall(r"\btpmock (up|serve|destination|test|env|[a-z]+)\b", " ".join(blocks("sh") + blocks(""))))
    help_text = subprocess.run(
        [sys.executable, "-m", "mockserver", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for name in shown - {"tpmock"}:
        assert re.search(rf"^  {name} ", help_text, re.MULTILINE), name
    assert Path(sys.executable).exists()
