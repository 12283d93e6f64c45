"""Other mock servers, measured in the same run, by the same load, each as its own documentation starts it.

They come from the public registries into a folder of their own; nothing of them is in this repository.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tpmock.common.serving import reserved

from tests.benchmarks.servers import INVITATION, Running, program

#: What is installed, pinned so that two runs measure the same.
PYTHON_PACKAGES: Final = ("moto[server]==5.2.5", "pytest-httpserver==1.2.0")
NODE_PACKAGES: Final = ("@stoplight/prism-cli@5.16.0", "mountebank@2.9.1", "wiremock@3.13.2")

#: About as long as the mock's answer to the same call.
BODY: Final = {"bare": "x" * 640}
_GET: Final = "/v1/business-units/find"
_POST: Final = "/v1/invitations"
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the load."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them.

    :param prepare: writes what it wants to read into a folder and gives the command that starts it on a port
    :param get: a call that reads, and ``post`` one that writes or at least sends a body
    """

    name: str
    prepare: Callable[[Path, Path, int], list[str]]
    get: Call = Call(_GET)
    post: Call = Call(_POST, _JSON, INVITATION)


def _python(home: Path) -> str:
    return str(home / "python" / "bin" / "python")


def _node(home: Path, program: str) -> str:
    return str(home / "node" / "node_modules" / ".bin" / program)


def _moto(home: Path, _folder: Path, port: int) -> list[str]:
    return [_python(home), "-m", "moto.server", "-p", str(port)]


def _httpserver(home: Path, folder: Path, port: int) -> list[str]:
    script = folder / "serve.py"
    script.write_text(
        "from threading import Event\n"
        "from pytest_httpserver import HTTPServer\n"
        f"server = HTTPServer(host='127.0.0.1', port={port})\n"
        f"server.expect_request({_GET!r}).respond_with_json({BODY!r})\n"
        f"server.expect_request({_POST!r}, method='POST').respond_with_json({BODY!r})\n"
        "server.start()\n"
        "Event().wait()\n",
        encoding="utf-8",
    )
    return [_python(home), str(script)]


def _prism(home: Path, folder: Path, port: int) -> list[str]:
    answer = {"200": {"description": "ok", "content": {"application/json": {"example": BODY}}}}
    wanted = {"content": {"application/json": {"schema": {"type": "object", "required": ["referenceNumber"]}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "two routes", "version": "1"},
        "paths": {_GET: {"get": {"responses": answer}}, _POST: {"post": {"requestBody": wanted, "responses": answer}}},
    }
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    return [
        _node(home, "prism"),
        "mock",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-v",
        "error",
        str(folder / "openapi.json"),
    ]


def _wiremock(home: Path, folder: Path, port: int) -> list[str]:
    (folder / "mappings").mkdir()
    for method, path in (("GET", _GET), ("POST", _POST)):
        mapping = {"request": {"method": method, "urlPath": path}, "response": {"status": 200, "jsonBody": BODY}}
        (folder / "mappings" / f"{method}.json").write_text(json.dumps(mapping), encoding="utf-8")
    [jar] = (home / "node" / "node_modules" / "wiremock").rglob("wiremock-standalone*.jar")
    return ["java", "-jar", str(jar), "--bind-address", "127.0.0.1", "--port", str(port), "--root-dir", str(folder)]


def _mountebank(home: Path, folder: Path, port: int) -> list[str]:
    answer = [{"is": {"statusCode": 200, "headers": _JSON, "body": json.dumps(BODY)}}]
    config = {"imposters": [{"protocol": "http", "port": port, "host": "127.0.0.1", "stubs": [{"responses": answer}]}]}
    (folder / "imposters.json").write_text(json.dumps(config), encoding="utf-8")
    with reserved("127.0.0.1", 0) as steering:
        pass
    options = ["--port", str(steering), "--host", "127.0.0.1", "--nologfile", "--loglevel", "error"]
    return [_node(home, "mb"), *options, "--configfile", str(folder / "imposters.json")]


_SIGNED: Final = (
    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=x"
)

PEERS: Final = (
    Peer(
        "moto server (stateful)",
        _moto,
        Call("/2015-03-31/functions/", {"Authorization": _SIGNED.format(service="lambda")}),
        Call(
            "/",
            {
                "Authorization": _SIGNED.format(service="dynamodb"),
                "X-Amz-Target": "DynamoDB_20120810.ListTables",
                "Content-Type": "application/x-amz-json-1.0",
            },
            "{}",
        ),
    ),
    Peer("pytest-httpserver (stateless)", _httpserver),
    Peer("Prism (stateless, validating)", _prism),
    Peer("WireMock (stateless, journal)", _wiremock),
    Peer("mountebank (stateless)", _mountebank),
)


def install(home: Path) -> None:
    """Fetch them into ``home``; what is there already stays.

    :raises SystemExit: with a sentence, when a tool for it is missing
    """
    lacking = [tool for tool in ("node", "npm", "java") if shutil.which(tool) is None]
    if lacking:
        sys.exit(f"the peers need {', '.join(lacking)}; in Debian: apt-get install nodejs npm default-jre-headless")
    if not Path(_python(home)).exists():
        subprocess.run([sys.executable, "-m", "venv", str(home / "python")], check=True)  # noqa: S603 - our own words
        pip = [_python(home), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PYTHON_PACKAGES], check=True)  # noqa: S603 - our own words
    if not (home / "node" / "node_modules").exists():
        (home / "node").mkdir(parents=True, exist_ok=True)
        (home / "node" / "package.json").write_text('{"private": true}', encoding="utf-8")
        npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        subprocess.run([*npm, *NODE_PACKAGES], cwd=home / "node", check=True)  # noqa: S603 - our own words


@contextmanager
def running(peer: Peer, home: Path, folder: Path) -> Iterator[Running]:
    """A peer that answers."""
    folder.mkdir(parents=True)
    with reserved("127.0.0.1", 0) as port:
        pass
    headers: dict[str, Any] = dict(peer.get.headers)
    with program(
        peer.prepare(home, folder, port), f"http://127.0.0.1:{port}", peer.get.path, headers, heard=False
    ) as started:
        yield started
