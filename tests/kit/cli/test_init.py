"""tpmock init ci: what it writes works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tpmock.common import installation
from tpmock.common.installation import Source
from tpmock.kit.cli.init_cli import FILES, init
from tpmock.kit.cli.test_command import test as judge

from tests.support import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ran = CliRunner().invoke(init, ["ci", "--folder", str(tmp_path)])
    assert ran.exit_code == 0
    assert ran.output.count("written ") == len(FILES)
    return tmp_path


def test_nothing_is_overwritten(project: Path) -> None:
    (project / "contract.toml").write_text("mine", encoding="utf-8")
    assert CliRunner().invoke(init, ["ci", "--folder", str(project)]).output.count("kept ") == len(FILES)
    assert (project / "contract.toml").read_text(encoding="utf-8") == "mine"


def test_every_command_of_the_workflow_is_one(project: Path) -> None:
    workflow = yaml.safe_load((project / ".github/workflows/contract.yml").read_text(encoding="utf-8"))
    steps = [step["run"] for step in workflow["jobs"]["contract"]["steps"] if "run" in step]
    words = next(step for step in steps if step.startswith("tpmock test")).split()[2:]
    options = {option for parameter in judge.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", *command],
        cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_workflow_writes_what_it_uploads(project: Path) -> None:
    options = [
        "--contract",
        "contract.toml",
        "--report",
        "html=contract-report.html",
        "--report",
        "junit=contract-results.xml",
    ]
    ran = run(project, "tpmock.kit", *options, "--evidence", "contract-evidence.zip", "--case", "DEST-002")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {file.name for file in project.glob("contract-*")} == {
        *("contract-report.html", "contract-results.xml", "contract-evidence.zip"),
    }


def test_the_example_passes(project: Path) -> None:
    ran = run(project, "pytest", "-p", "no:cacheprovider", "test_contract_example.py")
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def installing(project: Path) -> str:
    workflow = yaml.safe_load((project / ".github/workflows/contract.yml").read_text(encoding="utf-8"))
    commands = [str(step.get("run")) for step in workflow["jobs"]["contract"]["steps"]]
    return next(command for command in commands if "pip install" in command)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (Source(), "pip install tpmock pytest"),
        (Source("git+https://git.example.com/a@1"), "pip install 'tpmock @ git+https://git.example.com/a@1' pytest"),
    ],
    ids=["index", "git"],
)
def test_the_workflow_installs_from_where_this_installation_came(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Source, line: str
) -> None:
    monkeypatch.setattr(installation, "source", lambda: source)
    said = CliRunner().invoke(init, ["ci", "--folder", str(tmp_path)]).output
    assert installing(tmp_path) == line
    assert "because a runner cannot read" not in said


def test_a_runner_cannot_read_a_folder_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation, "source", lambda: Source(folder=Path("/srv/tpmock")))
    monkeypatch.setattr(installation, "repository", lambda: Source("git+https://git.example.com/tpmock"))
    said = CliRunner().invoke(init, ["ci", "--folder", str(tmp_path)]).output
    assert installing(tmp_path) == "pip install 'tpmock @ git+https://git.example.com/tpmock' pytest"
    assert "because a runner cannot read /srv/tpmock," in said
