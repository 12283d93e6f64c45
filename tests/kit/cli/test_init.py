"""tpmock init ci: what it writes works."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tpmock.common import installation
from tpmock.common.installation import Source
from tpmock.common.version import __version__
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


ACTION, WORKFLOW, JOB = ".github/actions/tpmock/action.yml", ".github/workflows/contract.yml", ".gitlab/tpmock.yml"


def commands(project: Path) -> list[str]:
    """What the action and the job run, in their order."""
    action, job = (yaml.safe_load((project / file).read_text(encoding="utf-8")) for file in (ACTION, JOB))
    steps = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    return [*steps, *job["trustpilot-contract"]["script"]]


def test_every_command_of_the_files_is_one(project: Path) -> None:
    options = {option for parameter in judge.params for option in parameter.opts}
    ours = [command.split() for command in commands(project) if command.startswith("tpmock test")]
    assert len(ours) == 2
    assert {word for words in ours for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize(
    ("schema", "file"), [("github-actions", ACTION), ("github-workflows", WORKFLOW), ("gitlab-ci", JOB)]
)
def test_the_files_are_valid(project: Path, schema: str, file: str) -> None:
    checked = run(project, "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_workflow_uses_the_action(project: Path) -> None:
    workflow = yaml.safe_load((project / WORKFLOW).read_text(encoding="utf-8"))
    used = [step["uses"] for step in workflow["jobs"]["contract"]["steps"] if "uses" in step]
    assert f"{used[-1].removeprefix('./')}/action.yml" == ACTION


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", *command],
        cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing: the step of the action is not run")
def test_the_action_writes_what_it_uploads(project: Path) -> None:
    [step] = [command for command in commands(project)[:2] if "tpmock test" in command]
    line = step.replace("tpmock test", f"{shlex.quote(sys.executable)} -m tpmock test") + " --case DEST-002"
    environment = {**os.environ, "CONTRACT": "contract.toml", "GITHUB_STEP_SUMMARY": str(project / "summary.md")}
    ran = subprocess.run(  # noqa: S603 - ours
        ["bash", "-ec", line],  # noqa: S607 - whichever bash there is
        cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {file.name for file in project.glob("contract-*")} == {
        *("contract-report.html", "contract-results.xml", "contract-evidence.zip"),
    }


def test_the_example_passes(project: Path) -> None:
    ran = run(project, "pytest", "-p", "no:cacheprovider", "test_contract_example.py")
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def installing(project: Path) -> set[str]:
    action, job = (yaml.safe_load((project / file).read_text(encoding="utf-8")) for file in (ACTION, JOB))
    assert 'install "$TPMOCK" pytest' in commands(project)[0]
    return {action["inputs"]["tpmock"]["default"], job["trustpilot-contract"]["variables"]["TPMOCK"]}


GIT = "git+https://git.example.com/a@1"
WHEEL = "https://files.example.com/tpmock.whl"


@pytest.mark.parametrize(
    ("source", "requirement"),
    [
        (Source(), f"tpmock=={__version__}"),
        (Source(GIT), f"tpmock @ {GIT}"),
        (Source(WHEEL, digests={"sha256": "12ab"}), f"tpmock @ {WHEEL}#sha256=12ab"),
        (Source(WHEEL), f"tpmock @ {WHEEL}"),
    ],
    ids=["index", "git", "archive", "archive without hash"],
)
def test_the_files_install_from_where_this_installation_came(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Source, requirement: str
) -> None:
    monkeypatch.setattr(installation, "source", lambda: source)
    said = CliRunner().invoke(init, ["ci", "--folder", str(tmp_path)]).output
    assert installing(tmp_path) == {requirement}
    assert "Build it" not in said
    assert not (tmp_path / "vendor").exists()


def test_a_checkout_used_in_place_says_how_to_build_a_wheel(project: Path, tmp_path: Path) -> None:
    wheel = f"./vendor/tpmock-{__version__}-py3-none-any.whl"
    said = CliRunner().invoke(init, ["ci", "--folder", str(project)]).output
    assert installing(tmp_path) == {wheel}
    assert f"  pip wheel --no-deps --wheel-dir vendor {shlex.quote(str(ROOT))}\n" in said
