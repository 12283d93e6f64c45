"""Option over environment over file over default, through the command itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest
from tpmock.core.settings_file import SETTINGS

from tests.support.doc_commands import every_command
from tests.system.installed.running import Command, ran


def env(tpmock: Command, folder: Path, *options: str, **variables: str) -> str:
    """The address that ``tpmock env`` asked, as nothing answers there."""
    done = ran([*tpmock, "env", *options], cwd=folder, env={**os.environ, "TPMOCK_HOME": str(folder), **variables})
    assert done.returncode == 2
    return done.stderr


def test_option_over_environment_over_file_over_default(tpmock: Command, tmp_path: Path) -> None:
    assert "http://127.0.0.1:8080" in env(tpmock, tmp_path)
    (tmp_path / "tpmock.toml").write_text('url = "http://127.0.0.1:1"', encoding="utf-8")
    assert "http://127.0.0.1:1 " in env(tpmock, tmp_path)
    assert "http://127.0.0.1:2 " in env(tpmock, tmp_path, TPMOCK_URL="http://127.0.0.1:2")
    given = env(tpmock, tmp_path, "--url", "http://127.0.0.1:3", TPMOCK_URL="http://127.0.0.1:2")
    assert "http://127.0.0.1:3 " in given


def test_settings_over_a_running_mock_over_default(tpmock: Command, mock_url: str, tmp_path: Path) -> None:
    assert ran([*tpmock, "env"], cwd=tmp_path).stdout.count(mock_url) > 1
    for given in ({"TPMOCK_URL": "http://127.0.0.1:2"}, {}):
        (tmp_path / "tpmock.toml").write_text('url = "http://127.0.0.1:1"', encoding="utf-8")
        asked = given.get("TPMOCK_URL", "http://127.0.0.1:1")
        assert f"{asked} " in ran([*tpmock, "env"], cwd=tmp_path, env={**os.environ, **given}).stderr


def test_a_server_and_its_steering_share_the_settings(
    tpmock: Command, mock_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'url = "{mock_url}"\nseed = 7\nsandbox = "mine"\n[variants]\ntoken_type = "BearerToken"\n'
    (tmp_path / "tpmock.toml").write_text(text, encoding="utf-8")
    inner = tmp_path / "tests"
    inner.mkdir()
    made = json.loads(ran([*tpmock, "sandbox", "create", "--id", "mine", "--json"], cwd=inner).stdout)
    assert (made["seed"], made["variants"]["token_type"]) == (7, "BearerToken")
    assert ran([*tpmock, "clock", "freeze"], cwd=inner).returncode == 0
    assert "(frozen)" in ran([*tpmock, "clock", "show"], cwd=inner).stdout
    assert "(frozen)" not in ran([*tpmock, "clock", "show", "--sandbox", "default"], cwd=inner).stdout


def test_a_wrong_setting_is_reported(tpmock: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.tpmock]\nprot = 1", encoding="utf-8")
    done = ran([*tpmock, "serve"], cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no setting 'prot'. Did you mean 'port'?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.commands])
def test_every_setting_is_an_option_of_the_commands_it_names(name: str) -> None:
    for top in SETTINGS[name].commands:
        taken = {
            part.name
            for found, full in every_command()
            if full.split()[1] == top
            for part in found.params
            if isinstance(part, click.Option)
        }
        assert ("worlds" if name == "world" else name) in taken, top


@pytest.mark.parametrize("name", ["url", "sandbox"])
def test_every_command_that_steers_a_mock_takes_its_address_from_the_settings(name: str) -> None:
    having = {full.split()[1] for found, full in every_command() if name in {part.name for part in found.params}}
    # The kit runs with its own mock, which other options choose.
    assert having - {"test"} == set(SETTINGS[name].commands)
