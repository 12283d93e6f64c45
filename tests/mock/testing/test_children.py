"""Programs that a test starts: directed to its sandbox, with any settings of their own, and refused elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tpmock.run.program import CannotStartError
from tpmock.testing import Tpmock

ASK = """
import http.client, os, sys
client = http.client.HTTPSConnection("api.trustpilot.com")
client.request("GET", "/v1/business-units/find?name=trustpilotdemo.com", headers={"apikey": sys.argv[1]})
print(client.getresponse().status)
"""
ELSEWHERE = "import socket; socket.create_connection(('shop.example.com', 443), 5)"


def test_a_program_is_led_to_the_sandbox(bench: Tpmock) -> None:
    ended = bench.run([sys.executable, "-c", ASK, bench.credentials.api_key])
    assert (ended.returncode, ended.stdout) == (0, "200\n"), ended.stderr
    assert bench.journal.last["url"].startswith("https://api.trustpilot.com/v1/business-units/find")
    assert [line for line in bench.not_led if line.startswith("not led")] == []


def test_the_sandbox_answers_whatever_the_credentials(bench: Tpmock) -> None:
    ended = bench.run([sys.executable, "-c", ASK, "a-key-of-the-real-account"])
    assert ended.stdout == "401\n", ended.stderr
    assert bench.journal.last["status"] == 401


def test_the_environment_does_the_same(bench: Tpmock) -> None:
    command = [sys.executable, "-c", ASK, bench.env["TRUSTPILOT_API_KEY"]]
    ended = subprocess.run(command, env={**os.environ, **bench.env}, capture_output=True, text=True, timeout=60)  # noqa: PLW1510, S603 - ours
    assert ended.stdout == "200\n", ended.stderr
    assert bench.journal.last["operation"] == "findBusinessUnit"


def test_a_program_that_can_be_configured_reaches_it_too(bench: Tpmock) -> None:
    code = "import os, urllib.request as u; print(u.urlopen(os.environ['TPMOCK_URL'] + '/_mock/health').status)"
    assert bench.run([sys.executable, "-c", code]).stdout == "200\n"


@pytest.mark.tpmock(in_process=True)
def test_other_hosts_are_refused_and_reported(tpmock: Tpmock) -> None:
    ended = tpmock.run([sys.executable, "-c", ELSEWHERE])
    assert "tpmock run refuses shop.example.com" in ended.stderr
    assert tpmock.refused_hosts == ["shop.example.com"]


#: It uses the proxy, and trusts what it brings alone.
PINS = """
import http.client, os, ssl
host, port = os.environ["HTTPS_PROXY"].rpartition("/")[2].split(":")
client = http.client.HTTPSConnection(host, int(port), context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
client.set_tunnel("api.trustpilot.com")
client.request("GET", "/v1/categories")
"""


@pytest.mark.tpmock(in_process=True)
def test_what_cannot_be_led_is_reported(tpmock: Tpmock) -> None:
    # -I: without what Python loads at its start.
    ended = tpmock.run([sys.executable, "-I", "-c", PINS])
    assert "CERTIFICATE_VERIFY_FAILED" in ended.stderr
    line = tpmock.not_led[0]
    assert line.startswith("not led  api.trustpilot.com  1  the program does not accept the certificate")


def test_one_that_ignores_every_variable_is_led(bench: Tpmock) -> None:
    # -I: without what Python loads at its start.
    ended = bench.run([sys.executable, "-I", "-c", ASK, bench.credentials.api_key])
    if any("were not seen" in line or "does not let" in line for line in bench.not_led):
        pytest.skip(f"this system does not let programs be watched: {bench.not_led}")
    assert ended.stdout == "200\n", ended.stderr


def test_a_program_that_is_not_there_is_reported(bench: Tpmock) -> None:
    with pytest.raises(CannotStartError, match="no-such-program is not found"):
        bench.run(["no-such-program"])


def test_its_input_folder_and_end_are_the_tests(bench: Tpmock, tmp_path: Path) -> None:
    code = "import os, sys; print(sys.stdin.read(), os.getcwd(), os.environ['MORE']); sys.exit(3)"
    ended = bench.run([sys.executable, "-c", code], input="given", cwd=tmp_path, env={"MORE": "more"})
    assert (ended.returncode, ended.stdout) == (3, f"given {tmp_path} more\n")


def test_a_program_that_does_not_end_is_killed(bench: Tpmock) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        bench.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.5)
