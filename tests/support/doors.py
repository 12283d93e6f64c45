"""Clients of the mock, in process and over a socket, and a check of every response."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import requests
from flask import Flask
from requests.structures import CaseInsensitiveDict
from tpmock import spec
from tpmock.server.app import APIS, MockApp, MockSettings
from tpmock.server.routes import Route, Routes, blueprint
from tpmock.spec.model import JSON
from werkzeug.test import Client

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


def levels(header: str) -> set[str]:
    """The levels that ``X-Mock-Evidence`` has, of the status and of the body."""
    return {part.partition("=")[2].partition(";")[0] for part in header.split(", ")}


class Door(Protocol):
    """Where a request goes in."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer: ...

    def send_chunked(self, method: str, target: str, headers: Mapping[str, str], parts: Sequence[bytes]) -> Answer:
        """The same with a chunked body, without an announced length."""

    def close(self) -> None: ...


class InProcess:
    """No socket: the WSGI application is called."""

    def __init__(self, mock: MockApp | None = None) -> None:
        self.mock = mock or MockApp(MockSettings(allow_functions=True))
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

    def send_chunked(self, method: str, target: str, headers: Mapping[str, str], parts: Sequence[bytes]) -> Answer:
        # As a server that undoes the chunks hands it on.
        with self._client.open(
            target,
            method=method,
            headers={**headers, "Transfer-Encoding": "chunked"},
            input_stream=BytesIO(b"".join(parts)),
            base_url=BASE,
            environ_base=CALLER,
            environ_overrides={"wsgi.input_terminated": True},
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

    def send_chunked(self, method: str, target: str, headers: Mapping[str, str], parts: Sequence[bytes]) -> Answer:
        response = self._session.request(
            method, self.url + target, headers=dict(headers), data=iter(parts), allow_redirects=False, timeout=30
        )
        return Answer(response.status_code, response.headers, response.content)

    def close(self) -> None:
        self._session.close()


class OverSocket(Served):
    """Separate process, as users start it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tpmock", "serve", "--port", "0", "--json", "--allow-functions"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        assert self._process.stdout is not None
        super().__init__(json.loads(self._process.stdout.readline())["url"])

    def close(self) -> None:
        super().close()
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def routes(documents: Sequence[spec.Document]) -> Routes:
    """The routes of some documents alone."""
    app = Flask("routes", static_folder=None)
    for document in documents:
        app.register_blueprint(blueprint(document, str))
    return Routes(app.url_map, documents)


class Judge:
    """Looks at every answer: documented status, documented shape, signed, with evidence. One place for all tests."""

    def __init__(self) -> None:
        self._fallbacks = {example.status for api in spec.APIS for example in spec.load(api).fallbacks.values()}
        self._routes = routes([spec.load(api) for api in APIS])

    def judge(self, method: str, target: str, answer: Answer) -> None:
        path = target.partition("?")[0]
        assert answer.headers["X-Mock"].startswith("tpmock/"), "an answer that could pass for the real thing"
        if method == "OPTIONS" and "Access-Control-Allow-Methods" in answer.headers:
            assert (answer.status, answer.body) == (200, b"")
            assert levels(answer.headers["X-Mock-Evidence"]) <= set(spec.LEVELS)
            return
        found = self._routes.find(method, path)
        if not isinstance(found, Route):
            assert answer.status in (404, 405)
            assert answer.hint
            return
        operation = found.operation
        if operation.id == "showLogin" and answer.headers.get("Content-Type") == JSON:
            # One path on two hosts.
            operation = spec.load("segment-public").operations["getWorkspace"]
        response = operation.responses.get(str(answer.status))
        if response is None:
            assert answer.status in self._fallbacks, f"{operation.id} answered {answer.status}, which is not documented"
            return
        if "Fault" not in answer.hint:
            assert levels(answer.headers["X-Mock-Evidence"]) <= set(spec.LEVELS)
        if answer.status >= 400:
            assert answer.hint, f"{operation.id} refused with {answer.status} and did not say why"
        self._judge_body(operation, response, answer)

    @staticmethod
    def _judge_body(operation: spec.Operation, response: spec.model.Response, answer: Answer) -> None:
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        if not response.content:
            assert answer.body == b"", f"{operation.id} {answer.status} has an undocumented body"
            return
        assert media_type in response.content, f"{operation.id} {answer.status} came as {media_type}"
        if media_type.endswith("json"):
            violation = response.content[media_type].violation(answer.json)
            assert violation is None, f"{operation.id} {answer.status}: {violation}"
