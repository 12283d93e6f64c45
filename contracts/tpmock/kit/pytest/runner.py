"""Runner of the cases that pytest collects: one mock for each worker, a sandbox and subject for each case."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases.case_files import STANDARD, Case, load_plan
from tpmock.kit.reports.as_json import case_data
from tpmock.kit.reports.collector import gathered
from tpmock.kit.reports.readable.texts import headline, reasons
from tpmock.kit.run import expectations
from tpmock.kit.run.engine import Run
from tpmock.kit.run.expectations import ExpectationError
from tpmock.kit.run.run_events import CaseFinished
from tpmock.kit.subjects import contract
from tpmock.kit.subjects.contract import ContractError
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.vocabulary.findings import Result

__all__ = ["BreachError", "ContractError", "ContractSession"]


class BreachError(Exception):
    """A case failed or could not be judged; the text is the full reason."""


class ContractWarning(UserWarning):
    """A case has a warning."""


class ContractSession:
    """Runs the cases of one contract."""

    def __init__(self, file: Path, seed: int) -> None:
        self.file = file.resolve()
        self._contract = contract.read(file)
        self.cases = self._contract.cases()
        self._seed = seed
        self._stack = ExitStack()
        known = {case.id for case in load_plan(STANDARD)}
        try:
            listed = self._contract.expected
            self._expected = expectations.load(listed, known) if listed else {}
        except ExpectationError as problem:
            raise ContractError(str(problem)) from problem

    def play(self, case: Case) -> None:
        """Run one case in its own sandbox.

        :raises BreachError: when it fails, or cannot be judged
        """
        one = self._judged(case)
        outcome = one.outcome
        if outcome.excuse:
            pytest.skip(f"expected to come to {outcome.result}: {outcome.excuse}")
        if outcome.result is Result.NOT_APPLICABLE:
            pytest.skip(outcome.reason)
        if outcome.result in {Result.FAILED, Result.NOT_RUN}:
            raise BreachError(f"{outcome.result}: {case.id} {case.title}\n{reasons(case_data(one))}")
        if outcome.result is Result.WARNING:
            warnings.warn(ContractWarning(f"{case.id}: {headline(case_data(one))}"), stacklevel=2)

    def close(self) -> None:
        """End what was started."""
        self._stack.close()

    @cached_property
    def _mock(self) -> ControlClient:
        return open_mock(self._contract.target(None, None)[0], self._stack)

    def _judged(self, case: Case) -> CaseFinished:
        _, sandbox, _ = self._contract.target(None, None)
        subject = ContractSubject(self._contract)
        run = Run(case.plan, [case], subject, lambda _stack: self._mock, self._seed, sandbox, 1, self._expected)
        return gathered(run.events()).judged[0]
