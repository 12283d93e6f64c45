"""Subjects in this very process: a mutant starts in milliseconds, so that all can be judged by all cases."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from tpmock.destination.config import DestinationSettings
from tpmock.destination.web.app import create_app
from tpmock.kit.cases.claims import API, EVENTS
from tpmock.kit.subjects import subjects
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.mutants.api_mutants import APIS
from tpmock.mutants.catalogue import COMPANIONS, MUTANTS, create, create_mutant
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

COMPANION = frozenset({"onboarding", "partner", "showcase", "reply"})


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        pass


@dataclass(frozen=True, slots=True)
class InProcess:
    """A mutant, or the right destination under the name ``right``."""

    name: str

    @property
    def claims(self) -> frozenset[str]:
        if self.name.startswith("strict"):
            return EVENTS | {"partner", "strict-names"}
        return API if self.name in APIS else COMPANION if self.name in COMPANIONS else EVENTS | {"partner"}

    def start(self, sandbox: SandboxClient) -> Served:
        return Served(self, sandbox)


class Served(subjects.RunningSubject):
    """A subject that is served by a thread."""

    restarts_alone = True

    def __init__(self, subject: InProcess, sandbox: SandboxClient) -> None:
        self._subject = subject
        self._temporary = tempfile.TemporaryDirectory(prefix="tpmock-subject-")
        self.folder = Path(self._temporary.name)
        self.key = sandbox.credentials["integrationKey"]
        # A program has the folder it runs in for them; this one runs in the folder of the tests.
        self._environment = {**subjects.settings(sandbox, self.folder), "OUTCOME_FOLDER": str(self.folder / "outcomes")}
        self._server: BaseWSGIServer | None = None
        self._app: Flask | None = None
        self._port = 0
        self._serve()
        self.url = f"http://127.0.0.1:{self._port}"
        own_api = "api" in subject.claims
        self.hosts: Mapping[str, str] = dict.fromkeys(sandbox.urls, self.url) if own_api else sandbox.urls

    def _serve(self) -> None:
        self._app = application(self._subject.name, self._environment)
        self._server = make_server("127.0.0.1", self._port, self._app, threaded=True, request_handler=_Quiet)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True).start()

    def _end(self) -> None:
        if self._server is not None and self._app is not None:
            self._server.shutdown()
            self._server.server_close()
            destination = self._app.extensions.get("destination")
            if destination is not None:
                destination.close()
        self._server = None

    def restart(self) -> bool:
        self._end()
        self._serve()
        return True

    def trouble(self) -> str:
        return ""

    def stop(self) -> None:
        self._end()
        self._temporary.cleanup()


def application(name: str, environment: Mapping[str, str]) -> Flask:
    """Any subject of ours."""
    strict = name.startswith("strict")
    if not strict and name != "right" and name not in MUTANTS:
        return create(name, environment)
    settings = DestinationSettings.from_environment({**environment, "STRICT_NAMES": str(strict)})
    return create_app(settings) if name in {"right", "strict"} else create_mutant(name, settings)
