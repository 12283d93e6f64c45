"""The workflow that publishes a tag: valid, and its own commands do what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tpmock.common.version import __version__

from tests.support import ROOT
from tests.system.installed.running import ran

FILE = ROOT / ".github" / "workflows" / "release.yml"

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="a source distribution has no workflows")


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8"))["jobs"])


def step(jobs: dict[str, Any], name: str, folder: Path, tag: str) -> subprocess.CompletedProcess[str]:
    [script] = [step["run"] for step in jobs["build"]["steps"] if step.get("name") == name]
    return ran(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env={**os.environ, "TAG": tag})


def test_it_is_a_workflow() -> None:
    checked = ran([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(FILE)])
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_runs_before_the_owner_switches_it_on(jobs: dict[str, Any]) -> None:
    assert jobs["build"]["if"] == "vars.RELEASE == 'on'"
    assert all("needs" in job for name, job in jobs.items() if name != "build"), (
        "a skipped job skips those that need it"
    )
    assert "`RELEASE`" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_a_tag_of_another_version_is_refused(jobs: dict[str, Any]) -> None:
    assert step(jobs, "The tag names the version", ROOT, f"v{__version__}").returncode == 0
    refused = step(jobs, "The tag names the version", ROOT, "v99.0.0")
    assert refused.returncode == 1
    assert refused.stdout == f"The tag is v99.0.0, the version is {__version__}.\n"


def test_the_release_gets_its_section_of_the_changelog_and_no_other(jobs: dict[str, Any], tmp_path: Path) -> None:
    older = "## 1.2.0 - 2026-01-02\n\n### Added\n\n- old\n\n## 1.1.0 - 2026-01-01\n\n- older\n"
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## Unreleased\n\n- new\n\n{older}", encoding="utf-8")
    assert step(jobs, "The changelog's section", tmp_path, "v1.2.0").returncode == 0
    assert (tmp_path / "notes.md").read_text(encoding="utf-8").strip() == "### Added\n\n- old"
    missing = step(jobs, "The changelog's section", tmp_path, "v1.3.0")
    assert (missing.returncode, missing.stdout) == (1, "CHANGELOG.md has no section for 1.3.0.\n")
