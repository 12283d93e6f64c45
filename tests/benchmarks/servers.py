"""The programs that are measured: the mock, and two bare servers that answer the same bytes and do nothing for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import Any, Final

import psutil
import requests
from tpmock.common.serving import reserved, wait_until_ready

from tests.support import ROOT

CHECKOUT: Final = (sys.executable, "-m", "tpmock")


@dataclass(frozen=True, slots=True)
class Running:
    """A program that answers. ``started_in`` is seconds from its launch to its first right answer."""

    url: str
    process: psutil.Process
    started_in: float

    def memory(self) -> float:
        """Proportional set size of the whole process tree, in MB."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(one.memory_full_info().pss for one in family) / 1_000_000


@contextmanager
def program(
    command: list[str], url: str, path: str, headers: Mapping[str, str] | None = None, *, heard: bool = True
) -> Iterator[Running]:
    """A program that listens at ``url``; it is ready when it answers 200 to a GET of ``path``.

    :param heard: whether what it says on its standard error is shown
    """
    launched = time.perf_counter()
    errors = None if heard else subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors) as process:  # noqa: S603 - chosen here
        try:
            if not wait_until_ready(url, path, stopped=lambda: process.poll() is not None, headers=headers):
                raise SystemExit(f"{command} ended before it answered")
            yield Running(url, psutil.Process(process.pid), time.perf_counter() - launched)
        finally:
            process.terminate()


@contextmanager
def mock(tpmock: Sequence[str] = CHECKOUT, options: Sequence[str] = ()) -> Iterator[Running]:
    """``tpmock serve``; ready when it finds the demo shop, its first real answer."""
    with reserved("127.0.0.1", 0) as port:
        pass
    path = "/v1/business-units/find?name=trustpilotdemo.com&apikey=tpk-7bd2c1a05e9f4c3d8a6b1e0f92c4d5a7"
    command = [*tpmock, "serve", "--port", str(port), *options]
    with program(command, f"http://127.0.0.1:{port}", path) as running:
        yield running


@contextmanager
def everything(tpmock: Sequence[str] = CHECKOUT) -> Iterator[str]:
    """``tpmock up`` on free ports; the mock's address."""
    command = [*tpmock, "up", "--port", "0", "--destination-port", "0", "--json"]
    # The destination writes a line an order, to where a terminal would be.
    with (
        TemporaryFile() as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors) as process,  # noqa: S603 - ours
    ):
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


@contextmanager
def bare(kind: str) -> Iterator[Running]:
    """A server of ``kind`` wsgi or flask behind granian with the mock's number of threads."""
    with reserved("127.0.0.1", 0) as port:
        pass
    command = [sys.executable, "-m", "tests.benchmarks.bare", kind, str(port)]
    with program(command, f"http://127.0.0.1:{port}", "/v1/business-units/find?name=x") as running:
        yield running


class Control:
    """The mock's default sandbox, for the set-up of a measurement."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self.credentials: dict[str, str] = self.call("GET", "/sandboxes/default")["credentials"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the control API."""
        answer = self._session.request(method, f"{self.url}/_mock{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def segment(self, batch: list[dict[str, Any]]) -> bool:
        """Send events as a shop's SDK does; whether there was room for them."""
        key = (self.credentials["writeKey"], "")
        answer = self._session.post(f"{self.url}/v1/batch", json={"batch": batch}, auth=key, timeout=60)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return False
        answer.raise_for_status()
        return True

    def send_waiting(self) -> None:
        """Let an hour pass in the sandbox: all invitations that wait are sent."""
        self.call("POST", "/sandboxes/default/clock/advance", {"by": "PT1H"})

    def token(self) -> str:
        """A fresh access token."""
        path = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
        client = (self.credentials["apiKey"], self.credentials["apiSecret"])
        form = {"grant_type": "client_credentials"}
        answer = self._session.post(self.url + path, data=form, auth=client, timeout=60)
        return str(answer.json()["access_token"])

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()


INVITATION = json.dumps(
    {
        "referenceNumber": "1001",
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
        "locale": "en-US",
        "type": "email",
        "serviceReviewInvitation": {"templateId": "507f191e810c19729de860eb"},
    }
)
