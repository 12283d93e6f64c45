"""Real runtimes, unmodified programs with the real host written in: all of them reach the mock, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.programs import NODE
from tests.system.run.conftest import Runs, extension, found

URL = "https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com"


def test_curl(tpmock_run: Runs) -> None:
    ended = tpmock_run("--", "sh", "-c", f'{found("curl")} -sS -H "apikey: $TRUSTPILOT_API_KEY" "{URL}"')
    assert '"displayName": "Trustpilot Demo Shop"' in ended.output, ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


def test_wget(tpmock_run: Runs) -> None:
    ended = tpmock_run("--", "sh", "-c", f'{found("wget")} -q -O - --header "apikey: $TRUSTPILOT_API_KEY" "{URL}"')
    assert '"displayName": "Trustpilot Demo Shop"' in ended.output, ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


PYTHON = ["urllib", "http_client", "requests", "requests_without_environment", "httpx", "aiohttp"]


def test_python(tpmock_run: Runs) -> None:
    ended = tpmock_run("--", sys.executable, "app.py", *PYTHON)
    assert ended.output.split() == ["200"] * len(PYTHON), ended.errors
    assert ended.report == [f"led api.trustpilot.com {len(PYTHON)}"]


def test_a_python_without_tpmock(tpmock_run: Runs) -> None:
    code = "import app, sys; print(app.by_http_client(), 'cryptography' in sys.modules, 'tpmock' in sys.modules)"
    # -S: without site-packages, as the Python of a system; what it loads at the start is loaded by hand.
    ended = tpmock_run("--", sys.executable, "-S", "-c", f"import sitecustomize; {code}")
    assert ended.output == "200 False False\n", ended.errors


@pytest.mark.parametrize("way", ["fetch", "https", "http", "agent", "tls"])
def test_node(tpmock_run: Runs, way: str) -> None:
    ended = tpmock_run("--", NODE, "app.mjs", way)
    assert ended.output == "200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


@pytest.mark.parametrize("way", ["curl", "stream", "context", "guzzle"])
def test_php(tpmock_run: Runs, way: str) -> None:
    php = found("php")
    if way == "curl":
        extension([php, "-r", "exit(extension_loaded('curl') ? 0 : 1);"], "PHP's curl extension")
    if way == "guzzle" and not Path("/usr/share/php/GuzzleHttp/autoload.php").exists():
        pytest.skip("Guzzle (php-guzzlehttp-guzzle) is not installed: it is not run by tpmock run")
    ended = tpmock_run("--", php, "app.php", way)
    assert ended.output == "200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


@pytest.mark.parametrize("way", ["net_http", "without_proxy", "socket", "faraday"])
def test_ruby(tpmock_run: Runs, way: str) -> None:
    ruby = found("ruby")
    if way == "faraday":
        extension([ruby, "-e", "require 'faraday'"], "Faraday (ruby-faraday)")
    ended = tpmock_run("--", ruby, "app.rb", way)
    assert ended.output == "200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]


def test_java(tpmock_run: Runs) -> None:
    java = found("java")
    extension([java, "--source", "11", "-version"], "A Java that runs sources")
    ended = tpmock_run("--", java, "App.java")
    assert ended.output == "200 200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 2"]


def test_go(tpmock_run: Runs, go_program: Path) -> None:
    ended = tpmock_run("--", go_program)
    assert ended.output == "200\n", ended.errors
    assert ended.report == ["led api.trustpilot.com 1"]
