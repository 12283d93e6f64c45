"""Proof of the judge: every mutant is caught, and every case catches one.

The table says which cases must catch a mutant; more may. A case stands where it is caught most directly.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.kit import cases
from contracts.kit.cli import test as command
from contracts.kit.mock import ControlApi

ROOT = Path(__file__).parents[2]

MATRIX = {
    "accepts-any-key": ["DEST-040", "DEST-041", "DEST-042", "DEST-043", "DEST-044"],
    "invites-on-any-event": ["DEST-030", "DEST-031", "DEST-034", "DEST-084"],
    "invites-on-identify": ["DEST-032", "DEST-033"],
    "ignores-missing-email": ["DEST-020", "DEST-025"],
    "ignores-missing-order-id": ["DEST-021", "DEST-023"],
    "no-dedupe": ["DEST-051", "DEST-077", "DEST-090"],
    "dedupes-by-message-id-only": ["DEST-050", "DEST-052", "DEST-053", "DEST-054", "DEST-055"],
    "new-token-per-order": ["DEST-060"],
    "never-renews-token": ["DEST-061", "DEST-062", "DEST-065"],
    "drops-on-429": ["DEST-070"],
    "drops-on-500": ["DEST-071", "DEST-075"],
    "retries-for-ever": ["DEST-064"],
    "hides-403": ["DEST-073"],
    "leaks-email": ["DEST-066", "DEST-072", "DEST-074", "DEST-091"],
    "silent": ["DEST-022", "DEST-024", "DEST-081", "DEST-082", "DEST-092"],
    "wrong-reference": [
        "DEST-002", "DEST-005", "DEST-007", "DEST-009", "DEST-010", "DEST-011", "DEST-012", "DEST-063", "DEST-083",
        "DEST-086",
    ],
    "first-name-only": ["DEST-001", "DEST-003", "DEST-004", "DEST-006", "DEST-008"],
    "times-out-twice": ["DEST-076"],
}  # fmt: skip

# Cases whose breach is a warning: the mutant that they catch is caught by others as a failure.
WARNINGS = {"DEST-010", "DEST-044"}

# Cases that no mutant breaks yet, and which one would.
NOT_KILLED = {
    "DEST-035": "A mutant that looks at the name and not at the type of a call.",
    "DEST-036": "A mutant that takes a group call for an order.",
    "DEST-080": "A mutant that answers 500, or nothing readable, to a body that is no JSON.",
    "DEST-085": "A mutant that fails on characters its database cannot hold.",
}


def test_the_table_has_every_mutant() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "contracts.mutants", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {line.split()[0] for line in listed.stdout.splitlines()} == set(MATRIX)


def test_every_case_catches_a_mutant_or_is_listed_with_a_reason() -> None:
    catching = {case_id for killers in MATRIX.values() for case_id in killers}
    assert catching.isdisjoint(NOT_KILLED)
    assert {case.id for case in cases.load_plan("segment-destination")} == catching | set(NOT_KILLED)


@pytest.mark.parametrize("mutant", MATRIX)
def test_a_mutant_is_caught_by_the_cases_of_the_table(mutant: str, mock: ControlApi) -> None:
    chosen = [argument for case_id in MATRIX[mutant] for argument in ("--case", case_id)]
    ran = CliRunner().invoke(command, ["--mock", mock.url, "--mutant", mutant, "--json", "--seed", "1", *chosen])
    results = {case["id"]: case["result"] for case in json.loads(ran.stdout)["cases"]}
    assert results == {case_id: "warning" if case_id in WARNINGS else "failed" for case_id in MATRIX[mutant]}
    assert ran.exit_code == 1
