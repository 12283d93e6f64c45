"""Cases of a contract as tests of pytest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tpmock.kit.cases import case_files

from tests.support import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "fixtures" / "subjects" / "python", tmp_path / "project")
    return tmp_path / "project"


def pytest_in(project: Path, *arguments: str) -> str:
    loaded = [] if _registered() else ["-p", "tpmock.kit.pytest.plugin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *loaded, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(  # noqa: S603 - ours
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    return ran.stdout + ran.stderr


def _registered() -> bool:
    from importlib.metadata import entry_points  # noqa: PLC0415 - only here

    return any(entry.value == "tpmock.kit.pytest.plugin" for entry in entry_points(group="pytest11"))


CONTRACT = "--tpmock-contract=contract.toml"


def choose(project: Path, *ids: str) -> None:
    file = project / "contract.toml"
    file.write_text(f"cases = {list(ids)}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_each_case_is_a_test(project: Path, more: list[str]) -> None:
    choose(project, "DEST-00")
    server = project / "destination.py"
    noted = "with open('starts.txt', 'a') as file:\n    file.write('.')\n"
    server.write_text(
        server.read_text(encoding="utf-8").replace("\nclass ", f"\n{noted}\n\nclass ", 1), encoding="utf-8"
    )
    (project / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    said = pytest_in(project, CONTRACT, "-v", *more)
    assert len(set(re.findall(r"contract.toml::(DEST-00\d)", said))) > 5
    assert re.search(r"\d+ passed", said), said
    assert "failed" not in said
    assert "test_own" in said
    # Cases share the subject, as in a run of the command; each worker has one.
    fresh = sum(case.fresh for case in case_files.load_plan("segment-destination") if case.id.startswith("DEST-00"))
    assert len((project / "starts.txt").read_text(encoding="utf-8")) <= fresh + (2 if more else 1)


def test_a_breach_is_told_in_the_words_of_the_kit(project: Path) -> None:
    choose(project, "DEST-020")
    server = project / "destination.py"
    wrong = server.read_text(encoding="utf-8").replace("RefusalError(400,", "RefusalError(418,")
    server.write_text(wrong, encoding="utf-8")
    said = pytest_in(project, CONTRACT)
    assert "failed: DEST-020 An order without an e-mail address is refused with a reason" in said
    assert "expected  status 400" in said
    assert "Traceback" not in said


def test_what_does_not_apply_is_skipped_and_cases_are_chosen(project: Path) -> None:
    file = project / "contract.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('plans = ["', 'plans = ["reply", "'), encoding="utf-8")
    said = pytest_in(project, CONTRACT, "-k", "REPL-001", "-rs")
    assert "1 skipped" in said
    assert "The subject does not claim reply." in said


@pytest.mark.parametrize("more", [[], ["-n", "1"]])
def test_results_about_the_mock_are_named(project: Path, more: list[str]) -> None:
    choose(project, "PROV-001", "PROV-002", "DEST-002")
    file = project / "contract.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('plans = ["', 'plans = ["provider", "'), encoding="utf-8")
    said = pytest_in(project, CONTRACT, *more)
    assert "3 passed" in said
    assert "Of these, cases that test the mock and not the subject: 2 passed." in said


def test_without_the_option_nothing_is_collected(project: Path) -> None:
    assert "no tests ran" in pytest_in(project)


def test_a_mistake_in_the_contract_is_a_sentence(project: Path) -> None:
    (project / "contract.toml").write_text("", encoding="utf-8")
    said = pytest_in(project, CONTRACT)
    assert "contract.toml: plans is missing" in said
    assert "Traceback" not in said


def test_a_subject_that_does_not_start_fails(project: Path) -> None:
    choose(project, "DEST-002")
    (project / "destination.py").write_text("raise SystemExit('no licence')", encoding="utf-8")
    said = pytest_in(project, CONTRACT)
    assert "no licence" in said
    assert "1 failed" in said
