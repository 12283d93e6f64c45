"""The files for CI servers that a page shows are valid."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.pages import DOCS, page
from tests.system.installed.running import ran


def test_the_file_for_gitlab_is_valid(tmp_path: Path) -> None:
    [block] = [one for one in page(DOCS / "how-to" / "ci.md").blocks() if one.language == "yaml"]
    assert block.file == ".gitlab-ci.yml"
    file = tmp_path / block.file
    file.write_text(block.body, encoding="utf-8")
    checked = ran([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file)])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    file.write_text(block.body.replace("local:", "locals:"), encoding="utf-8")
    assert ran([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file)]).returncode
