"""Packages for Node.js with the vendors' hosts written in, unchanged, by ``tpmock run``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def folder(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program beside the packages."""
    made = tmp_path_factory.mktemp("run")
    (made / "node_modules").symlink_to(node_modules)
    for name in ("package.json", "run-packages.mjs"):
        shutil.copy(HERE / name, made)
    return made


@pytest.mark.parametrize(
    ("package", "output", "led"),
    [
        ("axios", "200", "api.trustpilot.com  1"),
        ("got", "200", "api.trustpilot.com  1"),
        ("segment", "0", "api.segment.io  1"),
        ("trustpilot", "200", "api.trustpilot.com  2"),
    ],
)
def test_a_package_is_led(folder: Path, package: str, output: str, led: str) -> None:
    command = [sys.executable, "-m", "tpmock", "run", "--", "node", "run-packages.mjs", package]
    environ = {**os.environ, "TPMOCK_HOME": str(folder / "home")}
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    assert ended.stdout == f"{output}\n", ended.stderr
    said = [line for line in ended.stderr.splitlines() if line.startswith("tpmock run: ")]
    assert said == [f"tpmock run: led      {led}"]
