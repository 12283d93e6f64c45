"""The README is true: its tables are up to date, its commands run, what it names exists."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import pytest_plugin, settings_file
from mockserver.testing import Collection, Tpmock, Traces
from tests.har import faults
from tests.readme import README, with_tables

TEXT = README.read_text(encoding="utf-8")
ROOT = README.parent


def blocks(language: str, section: str = "") -> list[str]:
    """The blocks of a language, in all or under one heading."""
    text = TEXT if not section else TEXT.partition(f"\n### {section}\n")[2].partition("\n### ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_tables_are_up_to_date() -> None:
    assert with_tables(TEXT) == TEXT, "run: python -m tests.readme --write"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in blocks("sh") if "[test]" in line).strip()
    assert command == "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    assert "/pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_link_into_the_repository_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@contextmanager
def up() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "mockserver", "up", "--port", "0", "--destination-port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Any]]:
    with up() as everything:
        yield everything


@pytest.fixture
def running_afresh() -> Iterator[dict[str, Any]]:
    """Nothing of another section has happened there."""
    with up() as everything:
        yield everything


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
    assert shell(prelude + fault).count('"struck": 0') == 2


def test_faults_are_armed_listed_and_cleared_as_it_is_told(running: dict[str, Any]) -> None:
    [script] = [block for block in blocks("sh", "Make it go wrong") if "tpmock fault" in block]
    printed = shell(f"export TPMOCK_URL={running['url']} PATH={Path(sys.executable).parent}:$PATH\n{script}")
    for line in ("createEmailInvitations 429 x2", "deliver timeout after", "findBusinessUnit delay 2s 30% for 300s"):
        assert printed.count(line) == 2, "armed and listed"
    assert requests.get(f"{running['url']}/_mock/sandboxes/default/faults", timeout=60).json()["total"] == 0


def test_what_happened_is_seen_as_it_is_told(running_afresh: dict[str, Any], tmp_path: Path) -> None:
    first, second = blocks("sh", "See what happened")
    prelude = f"cd {tmp_path}\nexport TPMOCK_URL={running_afresh['url']} PATH={Path(sys.executable).parent}:$PATH\n"
    said = shell(prelude + first)
    assert "Queued: The service invitation is queued until " in said
    assert said.count("createEmailInvitations") == 2, "in the story and in the journal"
    assert faults(json.loads((tmp_path / "run.har").read_text(encoding="utf-8"))) == []
    assert "HTTP/1.1 200" in shell(prelude + second)


def test_time_is_moved_as_it_is_told(running: dict[str, Any]) -> None:
    [script] = blocks("sh", "Move time, keep a moment")
    said = shell(f"export TPMOCK_URL={running['url']} PATH={Path(sys.executable).parent}:$PATH\n{script}")
    assert "Next due: " in said
    assert "(frozen)" in said


def test_the_first_order_is_the_line_that_up_prints(running: dict[str, Any]) -> None:
    from mockserver.cli import first_order  # noqa: PLC0415 - only here

    line = first_order("$MOCK", running["sandbox"]["credentials"]["writeKey"])
    assert line in TEXT


def test_the_python_example_runs(running: dict[str, Any]) -> None:
    [example] = [block for block in blocks("python") if "def test" not in block]
    script = example.replace("http://127.0.0.1:8080", running["url"])
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)  # noqa: S603 - our own words


def test_the_tests_of_the_example_pass(tmp_path: Path) -> None:
    [example] = [block for block in blocks("python") if "def test" in block]
    (tmp_path / "test_shop.py").write_text(example, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'temporary'}"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert f"{example.count('def test')} passed" in ran.stdout, ran.stdout


def test_the_settings_of_the_example_are_settings(tmp_path: Path) -> None:
    [example] = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(example, encoding="utf-8")
    assert settings_file.read(tmp_path, {}).get("variants") == {"partner_grant": "password"}


def test_the_members_that_are_named_are_there() -> None:
    section = TEXT.partition("## In pytest")[2].partition("### Settings")[0]
    # What a marker takes and what a fixture gives, in the words of the code.
    for name in re.findall(r"`\.(\w+)", section):
        assert any(
            hasattr(kind, name) for kind in (Tpmock, Collection, Traces)
        ) or f"self.{name} = " in inspect.getsource(Tpmock), name
    for fixture in ("tpmock", "tpmock_in_process", "tpmock_server"):
        assert f"`{fixture}`" in section
        assert hasattr(pytest_plugin, fixture)


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
