"""What the kit judges: a program it starts, or one that runs already."""

from __future__ import annotations

import base64
import secrets
import shlex
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import requests

from contracts.kit.claims import API, EVENTS
from contracts.kit.mock import Sandbox
from contracts.kit.processes import CannotStartError, Program, free_port, local_environment, our_modules

SECOND_HOST = "localhost"
"""Where subjects find the invitations API: the same mock under another name, so that a wrong host shows."""

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


@runtime_checkable
class WithOwnWay(Protocol):
    """A running subject that gets its orders otherwise than from Segment."""

    sandbox: Sandbox
    """Where orders are sent."""


class Subject(Protocol):
    """Something that can be judged."""

    @property
    def name(self) -> str:
        """What to call it in reports."""

    @property
    def claims(self) -> frozenset[str]:
        """What it says it can do; see :data:`contracts.kit.claims.CLAIMS`."""

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
    claims: frozenset[str] = EVENTS

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
    claims: frozenset[str] = EVENTS

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
        if not answers(self.url):
            raise CannotStartError(
                f"Nothing answers at {self.url}. Start the destination, or correct --destination-url."
            )
        return self


def bundled() -> StartedSubject:
    """The destination that comes with tpmock."""
    command = "{python} -m contracts.destination --host 127.0.0.1 --port {port}"
    return StartedSubject("the bundled destination", command, ours=True, claims=EVENTS | {"onboarding"})


@dataclass(frozen=True, slots=True)
class ApiSubject:
    """The API itself: the mock that the run is made against."""

    name: str = "the mock"
    claims: frozenset[str] = API

    def start(self, sandbox: Sandbox) -> Running:
        """There is nothing to start."""
        return RunningApi(sandbox.urls, sandbox.credentials["integrationKey"])


@dataclass(frozen=True, slots=True)
class RunningApi:
    """An API that answers at these hosts."""

    hosts: Mapping[str, str]
    key: str

    @property
    def url(self) -> str:
        """Nobody delivers events to an API; where it answers is as good an address as any."""
        return self.hosts["trustpilot"]

    def restart(self) -> bool:
        """The kit did not start it, so it does not restart it."""
        return False

    def trouble(self) -> str:
        """Empty: nobody here can look into that program."""
        return ""

    def stop(self) -> None:
        """The kit did not start it, so it goes on."""


def mutant(name: str) -> StartedSubject:
    """A destination that is wrong in one way."""
    command = f"{{python}} -m contracts.mutants {shlex.quote(name)} --port {{port}}"
    kind = name.partition("-")[0]
    claims = {"api": API, "companion": frozenset({"onboarding", "showcase", "reply"})}.get(kind, EVENTS)
    return StartedSubject(f"the mutant {name}", command, ours=True, claims=claims)


def settings(sandbox: Sandbox, workdir: Path) -> dict[str, str]:
    """The environment variables that tell a subject about its sandbox."""
    known = sandbox.credentials
    return {
        "INTEGRATION_KEY": known["integrationKey"],
        "TRUSTPILOT_API_URL": sandbox.urls["trustpilot"],
        "TRUSTPILOT_INVITATIONS_API_URL": sandbox.urls["invitations"].replace("//127.0.0.1:", f"//{SECOND_HOST}:"),
        "TRUSTPILOT_AUTHENTICATE_URL": sandbox.urls["authenticate"],
        "TRUSTPILOT_API_KEY": known["apiKey"],
        "TRUSTPILOT_API_SECRET": known["apiSecret"],
        "TRUSTPILOT_BUSINESS_UNIT_ID": known["businessUnitId"],
        "TRUSTPILOT_BUSINESS_USER_ID": known["businessUserId"],
        "TRUSTPILOT_TEMPLATE_ID": known["templateId"],
        "TRUSTPILOT_PARTNER_ID": known["partnerId"],
        "TRUSTPILOT_PARTNER_API_KEY": known["partnerApiKey"],
        "TRUSTPILOT_PARTNER_API_SECRET": known["partnerApiSecret"],
        "TRUSTPILOT_PARTNER_USERNAME": known["partnerUsername"],
        "TRUSTPILOT_PARTNER_PASSWORD": known["partnerPassword"],
        "OAUTH_REDIRECT_URI": known["redirectUri"],
        "DATABASE_URL": f"sqlite:///{workdir}/destination.db",
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


class _Started:
    """A subject's process, its port and its folder."""

    def __init__(self, subject: StartedSubject, sandbox: Sandbox) -> None:
        self._subject = subject
        self._folder = tempfile.TemporaryDirectory(prefix="tpmock-subject-")
        self._settings = settings(sandbox, Path(self._folder.name))
        self._program: Program | None = None
        self.folder = Path(self._folder.name)
        self.key = sandbox.credentials["integrationKey"]
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        # A subject that is the API itself is called where it is, not where the mock is.
        self.hosts = dict.fromkeys(sandbox.urls, self.url) if "api" in subject.claims else sandbox.urls
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        workdir = Path(self._folder.name)
        known = {"port": str(self._port), "workdir": str(workdir), "python": sys.executable}
        command = [filled(word, known) for word in shlex.split(self._subject.command)]
        ours = self._subject.ours
        environment = local_environment({**self._settings, "PORT": str(self._port), **(our_modules() if ours else {})})
        name = self._subject.name
        self._program = Program(name[0].upper() + name[1:], command, environment, workdir, None if ours else Path.cwd())
        self._program.wait_until(lambda: answers(f"{self.url}/health"), _PATIENCE)

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
            # Ours survives being cut off, and its folder goes with it; a stranger may have to clear up.
            self._program.stop(*((0,) if self._subject.ours else ()))
        self._folder.cleanup()


def answers(url: str) -> bool:
    """Whether a program answers there; one that knows no such path is up as well."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=2) as response:
                return response.status_code < _FAILING
    except requests.RequestException:
        return False


def filled(word: str, known: Mapping[str, str]) -> str:
    """A text with its placeholders filled in."""
    # Not str.format: a command may hold braces of its own.
    for name, value in known.items():
        word = word.replace(f"{{{name}}}", value)
    return word
