"""The programs of the demo: the mock, and the integration that is shown."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tpmock.common.control_client import ControlClient
from tpmock.kit.cases.claims import CLAIMS
from tpmock.kit.subjects import contract as contracts
from tpmock.kit.subjects import contract_subject
from tpmock.kit.subjects.contract import Contract, ContractError
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.local_mock import address_of, start_mock
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.subjects.subjects import RunningSubject

#: The sandbox of the demo.
SANDBOX: Final = "default"
#: A need of a scene beside the claims of ``contract.toml``: orders come by Segment, not by a trigger.
SEGMENT: Final = "segment"


class SubjectError(Exception):
    """The program cannot be shown. The message is for the user."""


def subject(file: Path | None) -> ContractSubject:
    """Return the program that is shown.

    :param file: its ``contract.toml``; None for the bundled destination
    :raises SubjectError: if the file has a mistake, or describes a program that the demo cannot start
    """
    if file is None:
        return contract_subject.bundled()
    try:
        found = contracts.read(file)
    except ContractError as problem:
        raise SubjectError(str(problem)) from None
    _check(file, found)
    return ContractSubject(found)


def _check(file: Path, found: Contract) -> None:
    """Refuse a contract of which the demo cannot start copies: the contract cases and the backfill have their own."""
    if found.running is not None or found.manual is not None or "manual" in (found.trigger or {}):
        raise SubjectError(
            f"{file}: the demo starts the program itself, several copies of it. Write [start] with its command "
            "instead of [running], [manual] or trigger.manual."
        )
    if found.events is not None and "{port}" not in found.events["to"]:
        raise SubjectError(
            f"{file}: events.to names a fixed port. The demo starts several copies of the program: let it listen at "
            "the port in the variable PORT, and write {port}."
        )


def lacking(needs: Sequence[str], shown: ContractSubject) -> list[str]:
    """Return what a scene needs and the program does not have, in words; empty when it can be played."""
    said = []
    for need in needs:
        if need == SEGMENT:
            if shown.contract.trigger is not None:
                said.append("orders do not come by Segment")
        elif need not in shown.claims:
            said.append(
                f"the program does not claim “{need}” ({CLAIMS[need][0].lower()}{CLAIMS[need][1:].rstrip('.')})"
            )
    return said


class DemoPrograms:
    """The mock and the integration, connected by Segment; ``with`` starts them and ends them.

    :param shown: the integration
    """

    def __init__(self, shown: ContractSubject) -> None:
        self.subject = shown
        self._opened = ExitStack()

    def __enter__(self) -> DemoPrograms:
        with ExitStack() as stack:
            #: Where the mock keeps its log.
            self.mock_folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tpmock-demo-mock-")))
            self._mock = start_mock(self.mock_folder, stack)
            url = address_of(self._mock)
            self.control = ControlClient(url)
            self.url = url
            self.running = self.start(SandboxClient.of(self.control, self.control.sandbox(SANDBOX)))
            stack.callback(self.running.stop)
            self._opened = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def start(self, sandbox: SandboxClient) -> RunningSubject:
        """Start a copy of the integration for a sandbox, and connect it to the sandbox's Segment.

        :raises SubjectError: if it does not start
        """
        try:
            running = self.subject.start(sandbox)
        except CannotStartError as problem:
            raise SubjectError(str(problem)) from None
        if self.subject.contract.events is not None:
            sandbox.connect(running.url, running.key)
        return running

    @property
    def ours(self) -> bool:
        """Return whether the bundled destination is shown."""
        return self.subject.contract.ours

    @property
    def credentials(self) -> dict[str, Any]:
        """Return the credentials of the sandbox."""
        return dict(self.control.sandbox(SANDBOX)["credentials"])

    @property
    def trouble(self) -> str:
        """Return which program has ended, with its last lines; empty while both run."""
        if self._mock.ended is not None:
            return f"The mock ended with exit code {self._mock.ended}.\n{self._mock.last_lines()}"
        return self.running.trouble()

    def restart(self) -> None:
        """Start the integration again, with its settings and its folder.

        :raises SubjectError: if it does not start
        """
        try:
            self.running.restart()
        except CannotStartError as problem:
            raise SubjectError(str(problem)) from None
