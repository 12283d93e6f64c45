from __future__ import annotations

from pathlib import Path

import pytest
from tpmock.kit.run import expectations
from tpmock.kit.run.expectations import ExpectationError
from tpmock.kit.vocabulary.findings import Result

KNOWN = {"DEST-001", "DEST-002"}
ENTRY = "- {case: DEST-001, result: not-run, reason: The shop has no clock.}"


def load(folder: Path, text: str) -> dict[str, expectations.Expectation]:
    file = folder / "expected.yaml"
    file.write_text(text, encoding="utf-8")
    return expectations.load(file, KNOWN)


def test_an_entry_is_read(tmp_path: Path) -> None:
    (entry,) = load(tmp_path, ENTRY).values()
    assert (entry.case, entry.result, entry.reason) == ("DEST-001", Result.NOT_RUN, "The shop has no clock.")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("case: DEST-001", "a list of entries"),
        ("- DEST-001", "entry 1: texts case, result and reason"),
        ("- {case: DEST-001, result: failed}", "entry 1: texts case, result and reason"),
        ("- {case: DEST-009, result: failed, reason: r}", "no case has the id DEST-009"),
        ("- {case: DEST-001, result: passed, reason: r}", "result must be failed, warning, not-run, not-applicable"),
        ("- {case: DEST-001, result: failed, reason: '  '}", "the reason is empty"),
        (f"{ENTRY}\n{ENTRY}", "entry 2: DEST-001 is listed twice"),
        ("- [", "cannot be read"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ExpectationError, match=complaint):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpectationError, match="cannot be read"):
        expectations.load(tmp_path / "nothing.yaml", KNOWN)
