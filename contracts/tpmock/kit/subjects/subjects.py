"""Subjects: their protocol, and the subjects that the kit does not start."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from tpmock.common import environment
from tpmock.kit.cases.claims import API, EVENTS
from tpmock.kit.subjects.http import answers
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.processes import CannotStartError

SECOND_HOST = "localhost"
"""Where subjects find the invitations API: the same mock under another name, so that a wrong host shows."""

# Variables of a subject with the names that ``tpmock env`` prints.
_GIVEN = (
    *("INTEGRATION_KEY", "TRUSTPILOT_API_URL", "TRUSTPILOT_AUTHENTICATE_URL", "TRUSTPILOT_API_KEY"),
    *("TRUSTPILOT_API_SECRET", "TRUSTPILOT_BUSINESS_UNIT_ID", "TRUSTPILOT_BUSINESS_USER_ID", "TRUSTPILOT_TEMPLATE_ID"),
    *("TRUSTPILOT_PARTNER_ID", "TRUSTPILOT_PARTNER_API_KEY", "TRUSTPILOT_PARTNER_API_SECRET"),
    *("TRUSTPILOT_PARTNER_USERNAME", "TRUSTPILOT_PARTNER_PASSWORD"),
)


class Pace(msgspec.Struct, frozen=True):
    """What a subject does by its own clock, which the kit cannot move; it waits for this in real time.

    :param patience: the longest wait before a retry, in seconds; 0 for a subject that waits for nothing
    :param quiet: seconds without a call to Trustpilot after which its queue is at rest; 0 for one without a queue
    """

    patience: float = 0.0
    quiet: float = 0.0


NO_PACE = Pace()
"""That of a subject that waits for nothing and has no queue."""


class RunningSubject:
    """Subject that takes events; by default one that the kit did not start, and can neither end nor inspect.

    :ivar url: where events are posted; empty when it takes none
    :ivar key: the integration key it accepts
    :ivar hosts: where its API answers, when it is an API itself
    :ivar sandbox: where orders are sent, when they come another way than by Segment
    :ivar folder: where its files are, when the kit has started it
    :ivar restarts_alone: whether the kit can restart it without asking a person
    :ivar pace: what it does by its own clock
    """

    url: str
    key: str
    hosts: Mapping[str, str] | None = None
    sandbox: SandboxClient | None = None
    folder: Path | None = None
    restarts_alone: bool = False
    pace: Pace = NO_PACE

    def restart(self) -> bool:
        """End it and start it again with the same settings and folder; False when the kit cannot."""
        return False

    def kill(self) -> bool:
        """End it as a crash does, without any notice, and start it again with the same settings and folder; False when
        the kit cannot.
        """
        return False

    def files(self) -> Mapping[str, bytes] | None:
        """Return what it has written outside its folder, by path; None when the kit cannot know."""
        return None

    def trouble(self) -> str:
        """Return why it is not alive, with its last lines; empty while it is, and when the kit cannot know."""
        return ""

    def stop(self) -> None:
        """End it, if the kit started it."""


class Subject(Protocol):
    """Program that can be tested."""

    @property
    def name(self) -> str:
        """Name for reports."""

    @property
    def claims(self) -> frozenset[str]:
        """What it says it can do; see :data:`tpmock.kit.cases.claims.CLAIMS`."""

    def start(self, sandbox: SandboxClient) -> RunningSubject:
        """Start it, configured for a sandbox.

        :raises CannotStartError: with the reason
        """


@dataclass
class ExternalSubject(RunningSubject):
    """A subject that runs already, with the credentials of the sandbox it is tested in."""

    url: str
    key: str
    claims: frozenset[str] = EVENTS
    pace: Pace = NO_PACE

    @property
    def name(self) -> str:
        """Name for reports."""
        return f"the destination at {self.url}"

    def start(self, sandbox: SandboxClient) -> RunningSubject:  # noqa: ARG002 - the protocol's parameter; the sandbox is known to the subject
        """Check that it answers."""
        if not answers(self.url):
            raise CannotStartError(f"Nothing answers at {self.url}. Start the destination, or correct the address.")
        return self


class ApiSubject(msgspec.Struct, frozen=True):
    """The API itself: the mock that the run is made against."""

    name: str = "the mock"
    claims: frozenset[str] = API

    def start(self, sandbox: SandboxClient) -> RunningSubject:
        """Return it; there is nothing to start."""
        return RunningApi(sandbox.urls, sandbox.credentials["integrationKey"])


class RunningApi(RunningSubject):
    """API at these hosts. It takes no events, so any address will do."""

    def __init__(self, hosts: Mapping[str, str], key: str) -> None:
        self.hosts, self.key, self.url = hosts, key, hosts["trustpilot"]


def settings(sandbox: SandboxClient, workdir: Path) -> dict[str, str]:
    """Return the environment variables that tell a subject about its sandbox."""
    given = environment.variables({"urls": sandbox.urls, "credentials": sandbox.credentials})
    return {
        **{name: given[name] for name in _GIVEN},
        "TRUSTPILOT_INVITATIONS_API_URL": sandbox.urls["invitations"].replace("//127.0.0.1:", f"//{SECOND_HOST}:"),
        "OAUTH_REDIRECT_URI": sandbox.credentials["redirectUri"],
        "DATABASE_URL": f"sqlite:///{workdir}/destination.db",
        "TPMOCK_CLOCK_URL": f"{sandbox.client.url}/_mock/sandboxes/{sandbox.id}/clock",
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
