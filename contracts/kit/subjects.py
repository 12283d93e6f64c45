"""What the kit judges: a program it starts, or one that runs already."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests

from contracts.kit.mock import Sandbox
from contracts.kit.processes import CannotStartError, Program, free_port, local_environment, our_modules

_PATIENCE = 15.0
_FAILING = 500


class Running(Protocol):
    """A subject that takes events."""

    @property
    def url(self) -> str:
        """Where events are posted."""

    @property
    def key(self) -> str:
        """The integration key it accepts."""

    def restart(self) -> bool:
        """End it and start it again with the same settings and folder; False when the kit cannot."""

    def trouble(self) -> str:
        """Why it is not alive, with its last lines; empty while it is."""

    def stop(self) -> None:
        """End it, if the kit started it."""


class Subject(Protocol):
    """Something that can be judged."""

    @property
    def name(self) -> str:
        """What to call it in reports."""

    def start(self, sandbox: Sandbox) -> Running:
        """Bring it up, configured for a sandbox.

        :raises CannotStartError: with the reason.
        """


@dataclass(frozen=True, slots=True)
class StartedSubject:
    """A subject that the kit starts with a command.

    :param name: what to call it in reports.
    :param command: a template with the placeholders ``{port}``, ``{workdir}`` and ``{python}``.
    :param ours: whether it comes with tpmock. Such a program runs in its own temporary folder, where no package of
        the user can stand in the way of ours; any other one runs where the user is, so that the command may name
        files.
    """

    name: str
    command: str
    ours: bool = False

    def start(self, sandbox: Sandbox) -> Running:
        """See :class:`Subject`."""
        return _Started(self, sandbox)


@dataclass(frozen=True, slots=True)
class RunningSubject:
    """A subject that runs already, with the credentials of the sandbox it is judged in.

    :param key: the integration key it was configured with.
    """

    url: str
    key: str

    @property
    def name(self) -> str:
        """What to call it in reports."""
        return f"the destination at {self.url}"

    def restart(self) -> bool:
        """The kit did not start it, so it does not restart it."""
        return False

    def trouble(self) -> str:
        """Empty: nobody here can look into that program."""
        return ""

    def stop(self) -> None:
        """The kit did not start it, so it goes on."""

    def start(self, sandbox: Sandbox) -> Running:  # noqa: ARG002 - the protocol's parameter; the sandbox is known to the subject
        """Look whether it is there."""
        if not _answers(self.url):
            raise CannotStartError(
                f"Nothing answers at {self.url}. Start the destination, or correct --destination-url."
            )
        return self


def bundled() -> StartedSubject:
    """The destination that comes with tpmock."""
    command = "{python} -m contracts.destination --host 127.0.0.1 --port {port} --ledger sqlite:///{workdir}/ledger.db"
    return StartedSubject("the bundled destination", command, ours=True)


def mutant(name: str) -> StartedSubject:
    """A destination that is wrong in one way."""
    return StartedSubject(
        f"the mutant {name}", f"{{python}} -m contracts.mutants {shlex.quote(name)} --port {{port}}", ours=True
    )


def settings(sandbox: Sandbox, workdir: Path) -> dict[str, str]:
    """The environment variables that tell a subject about its sandbox."""
    known = sandbox.credentials
    return {
        "INTEGRATION_KEY": known["integrationKey"],
        "TRUSTPILOT_API_URL": sandbox.urls["trustpilot"],
        "TRUSTPILOT_INVITATIONS_API_URL": sandbox.urls["invitations"],
        "TRUSTPILOT_API_KEY": known["apiKey"],
        "TRUSTPILOT_API_SECRET": known["apiSecret"],
        "TRUSTPILOT_BUSINESS_UNIT_ID": known["businessUnitId"],
        "TRUSTPILOT_BUSINESS_USER_ID": known["businessUserId"],
        "TRUSTPILOT_TEMPLATE_ID": known["templateId"],
        "LEDGER_URL": f"sqlite:///{workdir}/ledger.db",
    }


class _Started:
    """A subject's process, its port and its folder."""

    def __init__(self, subject: StartedSubject, sandbox: Sandbox) -> None:
        self._subject = subject
        self._folder = tempfile.TemporaryDirectory(prefix="tpmock-subject-")
        self._settings = settings(sandbox, Path(self._folder.name))
        self._program: Program | None = None
        self.key = sandbox.credentials["integrationKey"]
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        workdir = Path(self._folder.name)
        known = {"port": str(self._port), "workdir": str(workdir), "python": sys.executable}
        command = [_filled(word, known) for word in shlex.split(self._subject.command)]
        ours = self._subject.ours
        environment = local_environment({**self._settings, "PORT": str(self._port), **(our_modules() if ours else {})})
        name = self._subject.name
        self._program = Program(name[0].upper() + name[1:], command, environment, workdir, None if ours else Path.cwd())
        self._program.wait_until(lambda: _answers(f"{self.url}/health"), _PATIENCE)

    def restart(self) -> bool:
        """See :class:`Running`."""
        if self._program:
            self._program.stop()
        self._start()
        return True

    def trouble(self) -> str:
        """See :class:`Running`."""
        if self._program is None or self._program.ended is None:
            return ""
        return f"{self._program.name} ended with exit code {self._program.ended}.\n{self._program.last_lines()}"

    def stop(self) -> None:
        """See :class:`Running`."""
        if self._program:
            self._program.stop()
        self._folder.cleanup()


def _answers(url: str) -> bool:
    """Whether a program answers there; one that knows no such path is up as well."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=2) as response:
                return response.status_code < _FAILING
    except requests.RequestException:
        return False


def _filled(word: str, known: dict[str, str]) -> str:
    # Not str.format: a command may hold braces of its own.
    for name, value in known.items():
        word = word.replace(f"{{{name}}}", value)
    return word
