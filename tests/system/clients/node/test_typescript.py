"""A client for TypeScript: openapi-fetch, with the types that openapi-typescript makes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.doors import OverSocket
from tests.system.clients.calling import document, judge_calls, ran, succeeded

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def program(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the types and the program that uses them."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "node_modules").symlink_to(node_modules)
    for name in ("package.json", "tsconfig.json", "calls.ts"):
        shutil.copy(HERE / name, folder)
    for api in ("trustpilot", "control"):
        done = ran(
            [node_modules / ".bin/openapi-typescript", document(api), "--output", folder / f"{api}.d.ts"], folder
        )
        succeeded(done)
        assert "warn" not in (done.stdout + done.stderr).lower()
    return folder


def compiled(program: Path) -> subprocess.CompletedProcess[str]:
    """What the compiler says, which makes nothing of a program whose types are wrong."""
    return ran([program / "node_modules/.bin/tsc"], program)


def test_its_calls_have_the_right_types_and_succeed(program: Path, server: OverSocket) -> None:
    succeeded(compiled(program))
    judge_calls(succeeded(ran(["node", "calls.js", server.url], program)), server, "typescript-1001")


def test_misspelt_names_are_noticed_before_the_call(program: Path, tmp_path: Path) -> None:
    misspelt = shutil.copytree(program, tmp_path / "misspelt", symlinks=True)
    calls = misspelt / "calls.ts"
    right = calls.read_text(encoding="utf-8")
    wrong = right.replace("name: domain", "nmae: domain").replace("referenceNumber:", "refNumber:")
    calls.write_text(wrong, encoding="utf-8")
    noticed = compiled(misspelt)
    assert noticed.returncode != 0
    for name in ("nmae", "refNumber"):
        assert f"'{name}' does not exist in type" in noticed.stdout
