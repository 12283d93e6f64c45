"""A running server loads what it serves with and nothing else: start and memory depend on it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.system.installed.running import ran

UNWANTED = {
    "faker",
    "schemathesis",
    "hypothesis",
    "pytest",
    "_pytest",
    "requests",
    "urllib3",
    "sqlalchemy",
    "cryptography",
    "prometheus_client",
    "psycopg",
    "rich",
    "segment",
    "psutil",
    # The validators are imported with the first body.
    "jsonschema",
    "jsonschema_rs",
    # Documents and worlds were read by an earlier start.
    "yaml",
    # A server sends no requests.
    "urllib.request",
    "tomllib",
}

SCRIPT = """
import json, sys
import tpmock.cli.main, tpmock.server.serve
from tpmock.server.app import create_app
with create_app():
    print(json.dumps(sorted(sys.modules)))
"""


def test_the_mock_loads_no_tools(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    for _ in range(2):
        # The first start of a checkout reads the documents for those to come.
        done = ran([sys.executable, "-c", SCRIPT], env=environment)
        assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert UNWANTED & (loaded | {name.partition(".")[0] for name in loaded}) == set()
