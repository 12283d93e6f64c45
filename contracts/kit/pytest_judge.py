"""What stands behind the cases that pytest collects: one mock for each worker, a sandbox and subject for each case."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest

from contracts.kit import contract, expectations
from contracts.kit.cases import STANDARD, Case, load_plan
from contracts.kit.contract import ContractError
from contracts.kit.contract_subject import ContractSubject
from contracts.kit.engine import Run
from contracts.kit.expectations import ExpectationError
from contracts.kit.findings import Outcome, Result
from contracts.kit.local_mock import open_mock
from contracts.kit.mock import ControlApi
from contracts.kit.processes import CannotStartError
from contracts.kit.reports.as_text import headline, reasons
from contracts.kit.reports.gathered import Judged
from contracts.kit.run_events import CaseFinished

__all__ = ["BreachError", "ContractError", "Judge"]


class BreachError(Exception):
    """A case has failed or could not be judged; the text is the whole reason."""


class ContractWarning(UserWarning):
    """A case came to a warning."""


class Judge:
    """Judges the cases of one contract.

    :param seed: what all chance follows from.
    :raises ContractError: when the contract cannot be used.
    """

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
        """Judge one case, in a sandbox of its own.

        :raises BreachError: when it fails, or cannot be judged.
        """
        outcome = self._outcome(case)
        one = Judged(case, outcome)
        if outcome.excuse:
            pytest.skip(f"expected to come to {outcome.result}: {outcome.excuse}")
        if outcome.result is Result.NOT_APPLICABLE:
            pytest.skip(outcome.reason)
        if outcome.result in {Result.FAILED, Result.NOT_RUN}:
            raise BreachError(f"{outcome.result}: {case.id} {case.title}\n{reasons(one)}")
        if outcome.result is Result.WARNING:
            warnings.warn(ContractWarning(f"{case.id}: {headline(one)}"), stacklevel=2)

    def close(self) -> None:
        """End what was started."""
        self._stack.close()

    @cached_property
    def _mock(self) -> ControlApi:
        return open_mock(self._contract.place(None, None)[0], self._stack)

    def _outcome(self, case: Case) -> Outcome:
        _, sandbox, _ = self._contract.place(None, None)
        subject = ContractSubject(self._contract, _nobody)
        run = Run(case.plan, [case], subject, lambda _stack: self._mock, self._seed, sandbox, 1, self._expected)
        return next(event.outcome for event in list(run.events()) if isinstance(event, CaseFinished))


def _nobody(text: str) -> None:
    raise CannotStartError(f"Nobody can be asked in a test run: {text.splitlines()[0]}")
