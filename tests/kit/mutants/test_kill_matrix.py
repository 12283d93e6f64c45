"""Proof of the kit: every mutant is caught by exactly the checks that should, and every check and case catches one.

The matrix is a file, written by ``python -m tests.kit.matrix --write`` and read by people before it is kept. Here every
mutant is judged again: by the cases that catch it, and by others drawn by its name, which have to be content. With
``--whole-matrix`` all cases are run.
"""

from __future__ import annotations

import random

import pytest
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.vocabulary.checks import CHECKS
from tpmock.mutants.api_mutants import APIS, Api
from tpmock.mutants.catalogue import SENTENCES

from tests.kit import matrix
from tests.kit.matrix import cases_for, judged

MATRIX = matrix.load()
STANDARD = case_files.load_plan(case_files.STANDARD)
OTHERS = 4
# A mutant that is wrong about everything is caught by most cases; these many stand for them.
MOST = 6

# Raised by the runner and not by a check of a case: what a case builds on was not there.
BY_THE_RUNNER = {"given", "answered", "alive", "rest", "start"}


def test_there_are_at_least_25_mutants_and_each_has_its_row() -> None:
    assert list(MATRIX) == matrix.mutants()
    assert len(MATRIX) >= 25


def test_the_matrix_says_what_is_wrong_as_the_mutants_do() -> None:
    assert {one.name: one.wrong for one in kill_matrix.load()} == {name: SENTENCES[name] for name in matrix.mutants()}


def test_every_mutant_is_caught() -> None:
    assert [name for name, row in MATRIX.items() if not row] == []


def test_every_case_catches_a_mutant() -> None:
    catching = {case for row in MATRIX.values() for case in row}
    assert sorted({case.id for case in STANDARD} - catching) == []


def test_every_check_catches_a_mutant() -> None:
    catching = {check for row in MATRIX.values() for found in row.values() for check in found}
    assert catching - BY_THE_RUNNER == set(CHECKS)


def test_every_check_of_every_case_catches_a_mutant_or_says_why_none() -> None:
    caught = {(case, check) for row in MATRIX.values() for case, found in row.items() for check in found}
    excused = [(case, entry.check) for entry in kill_matrix.excused() for case in entry.cases]
    assert len(excused) == len(set(excused))
    pairs = {(case.id, check.name) for case in STANDARD for check in case.then}
    # Listed pairs that a mutant breaks by now are taken off the list.
    assert sorted(pairs - caught) == sorted(excused)


def test_no_case_about_a_subject_is_content_with_one_that_does_nothing() -> None:
    for name in ("does-nothing", "companion-does-nothing", "api-empty"):
        assert sorted({case.id for case in cases_for(name)} - set(MATRIX[name])) == []


def test_the_documentation_shows_the_matrix() -> None:
    text = matrix.README.read_text(encoding="utf-8")
    assert matrix.written(text, MATRIX) == text


@pytest.mark.parametrize("name", matrix.RIGHT)
def test_the_right_ones_pass_everything(name: str, mock: ControlClient, pytestconfig: pytest.Config) -> None:
    every = cases_for(name)
    if name == "strict" and not pytestconfig.getoption("--whole-matrix", default=False):
        # It reads events differently and is the same program beyond that.
        every = tuple(case for case in every if not matrix.is_slow(case))[::3]
    assert judged(name, mock, every) == ({}, set())


def test_a_door_that_changes_nothing_passes_everything(mock: ControlClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that what catches a wrong API is its mistake, and not the door it is made with.
    monkeypatch.setitem(APIS, "api-right", Api("Changes nothing."))
    assert judged("api-right", mock, cases_for("api-right")) == ({}, set())


@pytest.mark.parametrize("name", MATRIX)
def test_a_mutant_is_caught_by_exactly_these_checks(
    name: str, mock: ControlClient, pytestconfig: pytest.Config
) -> None:
    every, row = cases_for(name), MATRIX[name]
    if not pytestconfig.getoption("--whole-matrix", default=False):
        draw = random.Random(name)  # noqa: S311 - a draw that everybody can repeat
        # Rows of mutants that are wrong about everything hold what is needed of them, and not all that they break.
        others = [case.id for case in every if case.id not in row and not matrix.is_slow(case)]
        others = [] if name in matrix.CRUDE else others
        quick = [case.id for case in every if case.id in row and not matrix.is_slow(case)]
        # Of slow cases only those without which nothing would catch this one.
        catching = draw.sample(quick, min(MOST, len(quick))) or list(row)
        chosen = {*catching, *draw.sample(others, min(OTHERS, len(others)))}
        every = tuple(case for case in every if case.id in chosen)
        row = {case: checks for case, checks in row.items() if case in chosen}
    assert judged(name, mock, every) == (row, set())
