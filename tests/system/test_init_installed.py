"""tpmock init ci of real installations: another machine gets the same files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from tpmock.common.version import __version__

from tests.support import ROOT
from tests.system.conftest import environment
from tests.system.installed.running import ran

NAME = f"tpmock-{__version__}-py3-none-any.whl"


def content(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel besides its list of them, whose order is free."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def vendored(python: Path, project: Path) -> Path:
    """Run the command of an installation in a new project, and return the wheel that it wrote there."""
    project.mkdir()
    done = ran([str(python), "-m", "tpmock", "init", "ci"], cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    action = yaml.safe_load((project / ".github/actions/tpmock/action.yml").read_text(encoding="utf-8"))
    assert action["inputs"]["tpmock"]["default"] == f"./vendor/{NAME}"
    return project / "vendor" / NAME


def test_a_wheel_of_this_machine_is_written_into_the_project(installed: Path, wheel: Path, tmp_path: Path) -> None:
    written = vendored(installed, tmp_path / "project")
    assert content(written) == content(wheel)
    install = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path / "other")]
    done = ran([sys.executable, "-m", *install, str(written)])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "other" / "tpmock" / "cli" / "main.py").is_file()


def test_a_changed_installation_is_not_passed_on(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "user", "--no-compile", str(wheel))
    [changed] = (tmp_path / "user").glob("lib/python*/site-packages/tpmock/cli/serve.py")
    changed.write_text("", encoding="utf-8")
    (tmp_path / "project").mkdir()
    done = ran([str(python), "-m", "tpmock", "init", "ci"], cwd=tmp_path / "project")
    assert "because tpmock/cli/serve.py is not what was installed. Build it in the project:" in done.stdout
    assert not (tmp_path / "project" / "vendor").exists()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is missing: no installation from a clone")
def test_a_clone_on_this_machine_is_written_into_the_project(wheel: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    ignored = shutil.ignore_patterns("__pycache__", ".git", ".venv", "node_modules", "tests", ".*_cache")
    shutil.copytree(ROOT, clone, ignore=ignored)
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message", "All"]):
        subprocess.run(["git", "-C", str(clone), *words], check=True, timeout=60)  # noqa: S603, S607 - ours
    python = environment(tmp_path / "user", "--no-build-isolation", f"tpmock @ git+file://{clone}")
    assert content(vendored(python, tmp_path / "project")) == content(wheel)
