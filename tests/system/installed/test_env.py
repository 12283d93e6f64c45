"""``tpmock env`` gives another program what it needs."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from tests.system.installed.running import Command, in_bash, ran

TOKEN_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"

in_a_shell = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


@pytest.fixture
def expected(tpmock: Command, mock_url: str) -> Mapping[str, str]:
    """The variables, as the JSON form has them."""
    done = ran([*tpmock, "env", "--url", mock_url, "--format", "json"])
    assert (done.returncode, done.stderr) == (0, "")
    values: Mapping[str, str] = json.loads(done.stdout)
    return values


def seen_after(script: str) -> Mapping[str, str]:
    """The environment of a program that a shell starts after ``script``."""
    show = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    environment: Mapping[str, str] = json.loads(in_bash(f"set -eu\n{script}\n{shlex.join(show)}"))
    return environment


def test_the_values_work(expected: Mapping[str, str], mock_url: str) -> None:
    assert expected["TPMOCK_URL"] == mock_url
    token = requests.post(
        expected["TRUSTPILOT_API_URL"] + TOKEN_PATH,
        auth=(expected["TRUSTPILOT_API_KEY"], expected["TRUSTPILOT_API_SECRET"]),
        data={
            "grant_type": "password",
            "username": expected["TRUSTPILOT_USERNAME"],
            "password": expected["TRUSTPILOT_PASSWORD"],
        },
        timeout=10,
    )
    assert token.status_code == 200, token.text
    found = requests.get(
        expected["TRUSTPILOT_API_URL"] + "/v1/business-units/find",
        params={"name": expected["TRUSTPILOT_DOMAIN"]},
        headers={"apikey": expected["TRUSTPILOT_API_KEY"]},
        timeout=10,
    )
    assert found.json()["id"] == expected["TRUSTPILOT_BUSINESS_UNIT_ID"]


@in_a_shell
def test_eval_in_a_shell(tpmock: Command, mock_url: str, expected: Mapping[str, str]) -> None:
    seen = seen_after(f'eval "$({shlex.join(tpmock)} env --url {mock_url})"')
    assert {name: seen.get(name) for name in expected} == expected


@in_a_shell
def test_a_dotenv_file(tpmock: Command, mock_url: str, expected: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(ran([*tpmock, "env", "--url", mock_url, "--format", "dotenv"]).stdout, encoding="utf-8")
    seen = seen_after(f"set -a; . {shlex.quote(str(file))}")
    assert {name: seen.get(name) for name in expected} == expected
