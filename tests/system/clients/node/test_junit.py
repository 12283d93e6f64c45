"""The kit's JUnit report, read by what feeds dashboards and chat messages in the world of Node."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tpmock.kit.reports.as_json import document
from tpmock.kit.reports.readable.junit import junit
from tpmock.kit.vocabulary.findings import Result

from tests.kit.records import report
from tests.system.clients.calling import ran, succeeded

PROGRAM = Path(__file__).with_name("junit.mjs")
COUNTS = ("total", "passed", "failed", "errors", "skipped")


@pytest.fixture
def understood(node_modules: Path, tmp_path: Path) -> Any:
    """What the reader makes of a report with every result in it."""
    (tmp_path / "node_modules").symlink_to(node_modules)
    shutil.copy(PROGRAM, tmp_path)
    (tmp_path / "results.xml").write_text(junit(document(report(*Result))), encoding="utf-8")
    return json.loads(succeeded(ran(["node", PROGRAM.name, "results.xml"], tmp_path)))


def test_the_reader_counts_as_we_do(understood: Any) -> None:
    assert understood["errors"] == []
    result = understood["result"]
    # A warning passes; what was not run is an error; what does not apply is skipped, and left out of its total.
    assert {name: result[name] for name in COUNTS} == dict(zip(COUNTS, (4, 2, 1, 1, 1), strict=True))
    assert result["status"] == "FAIL"


def test_the_reader_shows_why_a_case_failed_and_of_which_run_it_is(understood: Any) -> None:
    [suite] = understood["result"]["suites"]
    failed = next(case for case in suite["cases"] if case["status"] == "FAIL")
    assert failed["name"].startswith("DEST-002")
    assert "expected" in failed["failure"]
    assert set(suite["metadata"]) == {"subject", "seed"}
