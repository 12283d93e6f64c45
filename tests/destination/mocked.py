"""The destination and the mock as their users run them: processes, sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import requests
from tpmock.common.serving import address, reserved, wait_until_ready
from tpmock.destination.config import DATABASE_URL

from tests.support.doors import Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest


@dataclass
class MockUnderTest:
    """A mock process, and one sandbox in it."""

    door: OverSocket
    sandbox: SandboxUnderTest

    @property
    def url(self) -> str:
        return str(self.door.url)

    def calls(self, operation: str) -> int:
        """How often something was called."""
        entries: list[Any] = self.sandbox.control("GET", f"/journal?operation={operation}&limit=1000")["journal"]
        return len(entries)

    def invited(self) -> list[str]:
        """The reference numbers of all invitations, in order."""
        return sorted(
            row["referenceNumber"] for row in self.sandbox.control("GET", "/invitations?limit=1000")["invitations"]
        )

    def environment(self, database: str) -> dict[str, str]:
        """Return the environment of a destination."""
        known = self.sandbox.credentials
        return {
            "INTEGRATION_KEY": known["integrationKey"],
            "TRUSTPILOT_API_URL": self.url,
            "TRUSTPILOT_INVITATIONS_API_URL": self.url,
            "TRUSTPILOT_API_KEY": known["apiKey"],
            "TRUSTPILOT_API_SECRET": known["apiSecret"],
            "TRUSTPILOT_BUSINESS_UNIT_ID": known["businessUnitId"],
            "TRUSTPILOT_BUSINESS_USER_ID": known["businessUserId"],
            DATABASE_URL: database,
        }


@contextmanager
def mocked() -> Iterator[MockUnderTest]:
    """A mock with a fresh sandbox."""
    door = OverSocket()
    try:
        yield MockUnderTest(door, SandboxUnderTest(door, Judge()))
    finally:
        door.close()


class Process:
    """Destination in a separate process, to be killed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        with reserved("127.0.0.1", 0) as port:
            self.url = address("127.0.0.1", port)
        self._environment = dict(environment)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tpmock.destination", "--port", self.url.rpartition(":")[2]]
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=self._log, start_new_session=True
        )
        ready = wait_until_ready(self.url, "/readyz", stopped=lambda: process.poll() is not None)
        assert ready, self.log()
        return process

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        """What it has written."""
        self._log.seek(0)
        return self._log.read().decode()

    def kill(self) -> None:
        """End it as a power cut does: SIGKILL to it and its worker, who knows nothing of it."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def start_again(self) -> None:
        """At the same address."""
        self._process = self._start()

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def deliver(self, event: object, key: str) -> requests.Response | None:
        """As Segment does; None when no answer came."""
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.post(self.url, json=event, auth=(key, ""), timeout=20)
        except requests.RequestException:
            return None
