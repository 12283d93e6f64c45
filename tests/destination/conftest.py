"""A destination under test, and a small Trustpilot of real sockets that says what a test wants it to say."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tpmock.destination.config import DestinationSettings
from tpmock.destination.logs import JsonLines
from tpmock.destination.rules import values
from tpmock.destination.service.destination import Destination
from tpmock.destination.storage.connections import Connection
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import OrderState
from tpmock.destination.storage.migrations import migrate
from tpmock.destination.storage.vault import Vault, new_key
from tpmock.destination.web.app import create_app
from werkzeug.test import TestResponse

from tests.destination.seen import state_of
from tests.support.postgres import Postgres, running

KEY = "segment-key-of-tests"
EMAIL = "ada.byron@example.com"


@dataclass(frozen=True)
class Answer:
    status: int = 202
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False  # close the connection without a word


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class StubTrustpilot(ThreadingHTTPServer):
    """Gives tokens and takes invitations; ``token_script`` and ``script`` hold what it says first."""

    daemon_threads = True
    #: Many orders at once find a place in the queue of new connections.
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Handler, self))
        self.token_script: list[Answer] = []
        self.script: list[Answer] = []
        self.token_calls: list[Call] = []
        self.calls: list[Call] = []
        self.lock = threading.Lock()
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def answer(self, call: Call) -> Answer:
        with self.lock:
            if "/oauth/" in call.path:
                self.token_calls.append(call)
                token = {"access_token": f"tpa-{len(self.token_calls)}", "expires_in": "359999"}
                return self.token_script.pop(0) if self.token_script else Answer(200, json.dumps(token).encode())
            self.calls.append(call)
            return self.script.pop(0) if self.script else Answer()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def __init__(self, stub: StubTrustpilot, *arguments: Any) -> None:
        self.stub = stub
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.stub.answer(Call(self.path, dict(self.headers), body))
        time.sleep(answer.delay)
        if answer.cut:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
        pass


@pytest.fixture
def trustpilot() -> Iterator[StubTrustpilot]:
    with StubTrustpilot() as stub:
        thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield stub
        stub.shutdown()
        thread.join()


class Clock:
    """Clock whose seconds pass when a test advances it."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/destination.db"
    server: Postgres = request.getfixturevalue("postgres")
    return values.database_url(server.new_database())


@pytest.fixture
def database(database_url: str, clock: Clock) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened, clock)
    yield opened
    opened.close()


@pytest.fixture
def vault(database: Database) -> Vault:
    return Vault(database, [new_key()], new_key())


@pytest.fixture
def settings(trustpilot: StubTrustpilot, tmp_path: Path) -> DestinationSettings:
    return DestinationSettings(
        integration_key=KEY,
        api_key="the-api-key",
        api_secret="the-api-secret",
        business_unit_id="507f191e810c19729de860ea",
        business_user_id="507f191e810c19729de860eb",
        api_url=trustpilot.url,
        invitations_api_url=trustpilot.url,
        timeout=2.0,
        database_url=f"sqlite:///{tmp_path}/destination.db",
    )


@dataclass
class Subject:
    """A destination, spoken to as Segment does."""

    app: Flask

    @property
    def destination(self) -> Destination:
        found = self.app.extensions["destination"]
        assert isinstance(found, Destination)
        return found

    def post(self, event: object, *, path: str = "/", key: str | None = KEY, **options: Any) -> TestResponse:
        data = options.pop("data", None)
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        if key is not None:
            headers["Authorization"] = basic(key)
        client: FlaskClient = self.app.test_client()
        return client.post(path, data=json.dumps(event) if data is None else data, headers=headers, **options)

    @property
    def connection(self) -> Connection:
        return self.destination.admit(KEY)

    def state(self, order_id: str = "1001") -> OrderState | None:
        return state_of(self.destination.ledger, self.connection.id, order_id)

    def close(self) -> None:
        self.destination.close()


@pytest.fixture
def subject(settings: DestinationSettings) -> Iterator[Subject]:
    made = Subject(create_app(settings))
    yield made
    made.close()


def message_of(answer: TestResponse) -> str:
    body = json.loads(answer.text)
    assert list(body) == ["message"]
    return str(body["message"])


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the destination has logged, as it stands in its log."""
    ours = [record for record in caplog.records if record.name == "tpmock.destination"]
    return [json.loads(JsonLines().format(record)) for record in ours]


def run_module(module: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(  # noqa: S603 - our own commands
        command, capture_output=True, text=True, timeout=20, check=False, **options
    )


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def order_completed(order_id: object = "1001", message_id: str | None = None, **properties: object) -> dict[str, Any]:
    """An event as Segment delivers it; every order has its own message id unless a test gives one."""
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": message_id or f"message-of-{order_id}",
        "properties": {"order_id": order_id, "email": EMAIL, "name": "Ada", "surname": "Byron", **properties},
    }
