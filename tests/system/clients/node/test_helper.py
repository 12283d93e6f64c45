"""The npm package for tests in JavaScript and TypeScript, in vitest, and what the compiler says of its types."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.doors import OverSocket
from tests.system.clients.calling import ran, succeeded

HERE = Path(__file__).parent
PACKAGE = ROOT / "fixtures" / "clients" / "node"


@pytest.fixture
def program(node_modules: Path, tmp_path: Path) -> Path:
    """A folder with the tests, as npm links packages."""
    (tmp_path / "node_modules").mkdir()
    for package in node_modules.iterdir():
        (tmp_path / "node_modules" / package.name).symlink_to(package)
    shutil.copytree(PACKAGE, tmp_path / "node_modules" / "tpmock-client")
    for name in ("package.json", "helper.test.ts"):
        shutil.copy(HERE / name, tmp_path)
    return tmp_path


def test_vitest_runs_tests_of_its_users(program: Path, server: OverSocket) -> None:
    environment = {**os.environ, "TPMOCK_URL": server.url}
    said = succeeded(ran([program / "node_modules/.bin/vitest", "run", "--reporter=tap"], program, environment))
    assert "not ok" not in said
    assert said.count("ok ") >= 3


def test_its_types_are_right_and_notice_a_misspelt_name(program: Path) -> None:
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--types", "node"]
    check: list[str | Path] = [program / "node_modules/.bin/tsc", *options, "helper.test.ts"]
    succeeded(ran(check, program))
    file = program / "helper.test.ts"
    file.write_text(file.read_text(encoding="utf-8").replace("seed: 7", "sead: 7"), encoding="utf-8")
    noticed = ran(check, program)
    assert noticed.returncode != 0
    assert "'sead' does not exist in type 'SandboxOptions'" in noticed.stdout
