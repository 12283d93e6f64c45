"""Runner of the cases that pytest collects: one mock, and in each worker a subject that the cases share."""

from __future__ import annotations

import os
import warnings
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path

import pytest
from tpmock.kit.cases.case_files import STANDARD, Case, load_plan
from tpmock.kit.reports.as_json import case_data
from tpmock.kit.reports.readable.texts import headline, reasons
from tpmock.kit.run import expectations
from tpmock.kit.run.engine import CaseByCase, Run
from tpmock.kit.run.expectations import ExpectationError
from tpmock.kit.run.run_events import CaseFinished
from tpmock.kit.subjects import contract
from tpmock.kit.subjects.contract import ContractError
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.vocabulary.findings import Result

__all__ = ["BreachError", "CannotStartError", "ContractError", "ContractSession", "SharedMock", "needs_a_mock"]


class BreachError(Exception):
    """A case failed or could not be judged; the text is the full reason."""


class ContractWarning(UserWarning):
    """A case has a warning."""


def needs_a_mock(file: Path) -> bool:
    """Return whether a contract leaves the mock to us; a mistake in it is an error when its cases are collected."""
    try:
        return contract.read(file).target(None, None)[0] is None
    except ContractError:
        return False


class SharedMock:
    """A mock for all workers of pytest-xdist, started when the first of them needs it."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    @cached_property
    def url(self) -> str:
        """Return its address.

        :raises CannotStartError: when it cannot be started
        """
        return open_mock(None, self._stack).url

    def close(self) -> None:
        """End it."""
        self._stack.close()


class ContractSession:
    """Runs the cases of one contract.

    :param mock: a mock that runs and is used unless the contract names one; None starts one
    """

    def __init__(self, file: Path, seed: int, mock: str | None = None) -> None:
        self.file = file.resolve()
        self._contract = contract.read(file)
        self.cases = self._contract.cases()
        known = {case.id for case in load_plan(STANDARD)}
        try:
            listed = self._contract.expected
            expected = expectations.load(listed, known) if listed else {}
        except ExpectationError as problem:
            raise ContractError(str(problem)) from problem
        mock_url, sandbox, _ = self._contract.target(mock, None)
        subject = ContractSubject(self._contract)
        opened = partial(open_mock, mock_url)
        self._run = Run("pytest", self.cases, subject, opened, seed, sandbox, 1, expected)
        # Workers of xdist play on one mock.
        self._played = CaseByCase(self._run, os.environ.get("PYTEST_XDIST_WORKER", "pytest"))

    def of_mock(self, case: Case) -> bool:
        """Return whether a case tests the mock, and says nothing about the subject."""
        return self._run.without_subject(case)

    def play(self, case: Case) -> None:
        """Run one case, with the subject of the case before where that is what a run of the kit does.

        :raises BreachError: when it fails, or cannot be judged
        """
        one = CaseFinished(case, self._played.outcome(case))
        outcome = one.outcome
        if outcome.excuse:
            pytest.skip(f"expected result {outcome.result}: {outcome.excuse}")
        if outcome.result is Result.NOT_APPLICABLE:
            pytest.skip(outcome.reason)
        if outcome.result in {Result.FAILED, Result.NOT_RUN}:
            about = "The case tests the mock, and says nothing about the subject.\n" if outcome.of_mock else ""
            raise BreachError(f"{outcome.result}: {case.id} {case.title}\n{about}{reasons(case_data(one))}")
        if outcome.result is Result.WARNING:
            warnings.warn(ContractWarning(f"{case.id}: {headline(case_data(one))}"), stacklevel=2)

    def close(self) -> None:
        """End what was started."""
        self._played.close()
