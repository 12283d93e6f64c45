"""The example of the page on JUnit, with the launcher that Debian's package junit5 brings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.pages import DOCS, page
from tests.system.docs.test_examples import ALL_PROGRAMS
from tests.system.installed.running import ran
from tests.system.run.conftest import Runs, found

LAUNCHER = Path("/usr/share/java/junit-platform-console-standalone.jar")


def test_the_example_passes(tpmock_run: Runs, tmp_path: Path) -> None:
    if not LAUNCHER.exists():
        reason = "JUnit (junit5) is not installed: the example of how-to/junit.md is not run"
        assert ALL_PROGRAMS not in os.environ, reason
        pytest.skip(reason)
    [test] = [block for block in page(DOCS / "how-to" / "junit.md").blocks() if block.language == "java"]
    (tmp_path / test.file).write_text(test.body, encoding="utf-8")
    jars = ":".join(map(str, LAUNCHER.parent.glob("*.jar")))
    compiled = ran([found("javac"), "-cp", jars, "-d", str(tmp_path), str(tmp_path / test.file)])
    assert compiled.returncode == 0, compiled.stderr
    launch = ["org.junit.platform.console.ConsoleLauncher", "--class-path", tmp_path, "--select-class", "ShopTest"]
    ended = tpmock_run("--", found("java"), "-cp", jars, *launch)
    assert "2 tests successful" in ended.output, ended.output + ended.errors
    assert "led api.trustpilot.com 2" in ended.report
