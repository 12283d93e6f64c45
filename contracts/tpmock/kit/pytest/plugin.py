"""The pytest plugin of the kit: every case of a contract is a test.

``pytest --tpmock-contract contract.toml``. Every test run on a machine where tpmock is installed loads this module, so
it imports nothing of ours before the option is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tpmock.kit.cases.case_files import Case
    from tpmock.kit.pytest.runner import ContractSession, SharedMock

_SESSION: pytest.StashKey[ContractSession] = pytest.StashKey()
#: Under which the controller of pytest-xdist tells its workers the address of their mock.
_URL = "tpmock_contract_mock"
_MOCK: pytest.StashKey[SharedMock] = pytest.StashKey()
#: A property of reports; workers of pytest-xdist send it with them.
_OF_MOCK = ("of_mock", True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a run."""
    group = parser.getgroup("tpmock-contract", "tpmock: contract cases as tests")
    group.addoption(
        "--tpmock-contract", metavar="FILE", help="Collect each case of this contract.toml as a separate test."
    )
    group.addoption("--tpmock-contract-seed", metavar="N", type=int, default=1, help="Seed of all random values.")


def pytest_configure(config: pytest.Config) -> None:
    """Describe how to choose the cases."""
    config.addinivalue_line("markers", "tpmock_contract: a case of a contract.toml, run by tpmock")


# Every worker of xdist collects the same, since the cases are in the order of the contract.
@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Add the contract to the collected tests."""
    file = session.config.getoption("--tpmock-contract")
    if not file:
        return
    from tpmock.kit.pytest.runner import ContractError, ContractSession  # noqa: PLC0415 - only when it is used

    try:
        mock = getattr(session.config, "workerinput", {}).get(_URL)
        judge = ContractSession(Path(file), session.config.getoption("--tpmock-contract-seed"), mock)
    except ContractError as problem:
        raise pytest.UsageError(str(problem)) from None
    session.config.stash[_SESSION] = judge


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker of pytest-xdist the mock that all of them share."""
    file = node.config.getoption("--tpmock-contract")
    if not file:
        return
    from tpmock.kit.pytest.runner import CannotStartError, SharedMock, needs_a_mock  # noqa: PLC0415 - only when it is used

    if not needs_a_mock(Path(file)):
        return
    mock = node.config.stash.setdefault(_MOCK, SharedMock())
    try:
        node.workerinput[_URL] = mock.url
    except CannotStartError as problem:
        raise pytest.UsageError(str(problem)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the mock of the workers, after the last of them."""
    mock = config.stash.get(_MOCK, None)
    if mock is not None:
        mock.close()


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the cases."""
    judge = config.stash.get(_SESSION, None)
    if judge is None:
        return
    parent = ContractFile.from_parent(session, name=judge.file.name, path=judge.file)
    items.extend(parent.collect())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the subject and the mock."""
    judge = session.config.stash.get(_SESSION, None)
    if judge is not None:
        judge.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of the results are about the mock: pytest counts them among all others."""
    if not terminalreporter.config.getoption("--tpmock-contract"):
        return
    results = [
        report.outcome
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
        and report.when == "call"
        and _OF_MOCK in map(tuple, report.user_properties)
    ]
    if results:
        counts = ", ".join(f"{results.count(result)} {result}" for result in dict.fromkeys(results))
        terminalreporter.write_line(f"Of these, cases that test the mock and not the subject: {counts}.")


class ContractFile(pytest.Collector):
    """The contract, as the parent of its cases."""

    def collect(self) -> Iterator[pytest.Item]:
        """One test for each case."""
        for case in self.config.stash[_SESSION].cases:
            yield ContractCase.from_parent(self, name=case.id, case=case)


class ContractCase(pytest.Item):
    """A case as a test: a failure shows what the kit's own report shows, and no stack trace."""

    def __init__(self, *, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self.case = case
        self.add_marker("tpmock_contract")
        self.user_properties += [("evidence", case.evidence), ("clause", case.clause.url)]
        if self.config.stash[_SESSION].of_mock(case):
            self.user_properties.append(_OF_MOCK)

    def runtest(self) -> None:
        """Play the case."""
        self.config.stash[_SESSION].play(self.case)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,
    ) -> Any:
        """Return the failure as the kit reports it."""
        from tpmock.kit.pytest.runner import BreachError  # noqa: PLC0415 - only when it is used

        return str(excinfo.value) if isinstance(excinfo.value, BreachError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the place and the name of the case."""
        return self.path, None, f"{self.case.id} {self.case.title}"
