"""A running server loads what it serves with and nothing else: start and memory depend on it."""

from __future__ import annotations

import json
import sys

from tests.end_to_end.running import ran

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
}

SCRIPT = """
import json, sys
from mockserver.app import create_app
with create_app():
    print(json.dumps(sorted(name.partition(".")[0] for name in sys.modules)))
"""


def test_the_mock_loads_no_tools() -> None:
    done = ran([sys.executable, "-c", SCRIPT])
    assert done.returncode == 0, done.stderr
    assert UNWANTED & set(json.loads(done.stdout)) == set()
