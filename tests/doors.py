"""The two doors of the mock, in process and over a socket, and a judge who looks at every answer that comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client

from contracts import spec
from mockserver.app import Mock
from mockserver.operations.pipeline import SERVED
from mockserver.operations.routes import Routes

BASE = "http://localhost"
#: Where calls come from that need no socket.
CALLER = {"REMOTE_ADDR": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def hint(self) -> str:
        return self.headers.get("X-Mock-Hint", "")


class Door(Protocol):
    """Where a request goes in."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer: ...

    def close(self) -> None: ...


class InProcess:
    """No socket: the WSGI application is called."""

    def __init__(self, mock: Mock | None = None) -> None:
        self.mock = mock or Mock()
        self._client = Client(self.mock)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        with self._client.open(
            path,
            method=method,
            query_string=query,
            headers=dict(headers),
            data=body,
            base_url=BASE,
            environ_base=CALLER,
        ) as response:
            return Answer(response.status_code, CaseInsensitiveDict(response.headers), response.get_data())

    def close(self) -> None:
        self.mock.close()


class Served:
    """A mock that someone else started."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        response = self._session.request(
            method, self.url + target, headers=dict(headers), data=body, allow_redirects=False, timeout=30
        )
        return Answer(response.status_code, response.headers, response.content)

    def close(self) -> None:
        self._session.close()


class OverSocket(Served):
    """A process of its own, as users start it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        assert self._process.stdout is not None
        super().__init__(json.loads(self._process.stdout.readline())["url"])

    def close(self) -> None:
        super().close()
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Judge:
    """Looks at every answer: documented status, documented shape, signed, with evidence. One place for all tests."""

    def __init__(self) -> None:
        self._fallbacks = {example.status for api in spec.APIS for example in spec.load(api).fallbacks.values()}
        self._routes = Routes(spec.load(api) for api in SERVED)

    def judge(self, method: str, target: str, answer: Answer) -> None:
        path = target.partition("?")[0]
        assert answer.headers["X-Mock"].startswith("tpmock/"), "an answer that could pass for the real thing"
        if method == "OPTIONS" and "Access-Control-Allow-Methods" in answer.headers:
            assert (answer.status, answer.body) == (200, b"")
            assert answer.headers["X-Mock-Evidence"].split(";")[0] in spec.LEVELS
            return
        found = self._routes.find(path, method)
        if isinstance(found, list):
            assert answer.status in (404, 405)
            assert answer.hint
            return
        operation = found[0]
        response = operation.responses.get(str(answer.status))
        if response is None:
            assert answer.status in self._fallbacks, f"{operation.id} answered {answer.status}, which is not documented"
            return
        if "Fault" not in answer.hint:
            assert answer.headers["X-Mock-Evidence"].split(";")[0] in spec.LEVELS
        if answer.status >= 400:
            assert answer.hint, f"{operation.id} refused with {answer.status} and did not say why"
        self._judge_body(operation, response, answer)

    @staticmethod
    def _judge_body(operation: spec.Operation, response: spec.Response, answer: Answer) -> None:
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        if not response.content:
            assert answer.body == b"", f"{operation.id} {answer.status} has an undocumented body"
            return
        assert media_type in response.content, f"{operation.id} {answer.status} came as {media_type}"
        if media_type.endswith("json"):
            violation = response.content[media_type].violation(answer.json)
            assert violation is None, f"{operation.id} {answer.status}: {violation}"
