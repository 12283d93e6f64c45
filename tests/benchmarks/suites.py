"""``python -m tests.benchmarks.suites``: 1,000 tests with a sandbox of their own and three calls, beside other tools.

Every row is a run of pytest in a folder of its own. ``responses`` is installed with our tests; the others are measured
where they are: ``pip install pytest-httpserver 'moto[s3]'``.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

_OURS = """
import requests, pytest

@pytest.mark.parametrize("number", range({count}))
def test_three_calls(number, {fixture}):
    find = f"{{{fixture}.urls['trustpilot']}}/v1/business-units/find"
    for _ in range(3):
        query = {{"name": "trustpilotdemo.com", "apikey": {fixture}.credentials["apiKey"]}}
        assert requests.get(find, params=query).status_code == 200
"""
_RESPONSES = """
import requests, responses, pytest

@pytest.mark.parametrize("number", range({count}))
@responses.activate
def test_three_calls(number):
    responses.get("https://api.example.com/find", json={{"id": "1"}})
    for _ in range(3):
        assert requests.get("https://api.example.com/find", params={{"name": "a"}}).status_code == 200
"""
_HTTPSERVER = """
import requests, pytest

@pytest.mark.parametrize("number", range({count}))
def test_three_calls(number, httpserver):
    httpserver.expect_request("/find").respond_with_json({{"id": "1"}})
    for _ in range(3):
        assert requests.get(httpserver.url_for("/find"), params={{"name": "a"}}).status_code == 200
"""
_MOTO = """
import boto3, moto, pytest

@pytest.mark.parametrize("number", range({count}))
@moto.mock_aws
def test_three_calls(number):
    client = boto3.client("s3", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="key", Body=b"1")
    assert client.get_object(Bucket="bucket", Key="key")["Body"].read() == b"1"
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """A file of tests.

    :ivar module: what it needs besides our own
    :ivar mark: milliseconds a test, of pytest and all; None without a mark
    """

    name: str
    text: str
    module: str
    plugins: tuple[str, ...] = ()
    mark: float | None = None


SUITES = (
    Suite("tpmock, socket", _OURS.replace("{fixture}", "tpmock"), "tpmock.testing", mark=4.0),
    Suite("tpmock, in process", _OURS.replace("{fixture}", "tpmock_in_process"), "tpmock.testing", mark=2.5),
    Suite("responses", _RESPONSES, "responses"),
    Suite("pytest-httpserver", _HTTPSERVER, "pytest_httpserver", ("pytest_httpserver.pytest_plugin",)),
    Suite("moto", _MOTO, "moto"),
)
#: Plugins that every row has, so that none pays for those of our own tests.
_PLUGINS = ("tpmock.testing.plugin",)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a run: those that passed, and those of the processor."""

    wall: float
    cpu: float


def ran(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Took:
    """Run a command, and return what it and everything that it started took."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measured(suite: Suite, count: int, workers: int) -> Took:
    """Run a suite of so many tests."""
    plugins = [*_PLUGINS, *suite.plugins, *(["xdist.plugin"] if workers else [])]
    loaded = [word for plugin in plugins for word in ("-p", plugin)]
    spread = ["-n", str(workers)] if workers else []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "test_suite.py").write_text(suite.text.format(count=count), encoding="utf-8")
        (place / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded, *spread]
        return ran(command, place, {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def main() -> None:
    """Print milliseconds a test, and how they grow."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.suites", description=__doc__)
    parser.add_argument("--tests", type=int, default=1_000)
    parser.add_argument("--only", default="", help="suites whose name begins like this")
    chosen = parser.parse_args()
    few = max(10, chosen.tests // 10)
    print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores. Milliseconds a test, of pytest and all:")
    print(f"{'':<20} {'workers':>7} {'elapsed':>8} {'processor':>9} {'mark':>5}  of each test after the first {few}")
    for suite in SUITES:
        if not suite.name.startswith(chosen.only):
            continue
        if find_spec(suite.module) is None:
            print(f"{suite.name:<20} not installed")
            continue
        for workers in (0, 2):
            start, whole = (measured(suite, count, workers) for count in (few, chosen.tests))
            more = (whole.cpu - start.cpu) / (chosen.tests - few) * 1000
            each = [seconds / chosen.tests * 1000 for seconds in (whole.wall, whole.cpu)]
            mark = "" if suite.mark is None else f"{suite.mark:.1f}"
            print(f"{suite.name:<20} {workers:>7} {each[0]:8.2f} {each[1]:9.2f} {mark:>5}  {more:.2f}", flush=True)


if __name__ == "__main__":
    main()
