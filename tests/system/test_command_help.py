"""``tpmock --help`` lists every command without loading one; what it says of each is what the command says itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from tpmock.cli.main import tpmock
from tpmock.common import package_data

GROUPS: dict[str, dict[str, str]] = yaml.safe_load(package_data.path("texts", "commands.yaml").read_bytes())
ROWS = [(name, sentence) for group in GROUPS.values() for name, sentence in group.items()]


@pytest.mark.parametrize(("name", "sentence"), ROWS)
def test_a_command_says_of_itself_what_the_list_says(name: str, sentence: str) -> None:
    command = tpmock.get_command(click.Context(tpmock), name)
    assert command is not None
    assert command.get_short_help_str(limit=1_000).partition(". ")[0].rstrip(".") == sentence.rstrip(".")


def test_every_command_has_a_line() -> None:
    assert {entry.name for entry in entry_points(group="tpmock.commands")} <= {name for name, _ in ROWS}
    assert "Other:" not in CliRunner().invoke(tpmock, ["--help"]).output


def test_a_command_without_a_line_is_listed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {name: dict(group) for name, group in GROUPS.items()}
    del rest["Test"]["drift"]
    monkeypatch.setattr("tpmock.cli.main._groups", lambda: rest)
    assert "Other:\n  drift  Compare a recording" in CliRunner().invoke(tpmock, ["--help"]).output


def test_the_list_loads_no_command() -> None:
    listed = "[name for name in sys.modules if name.startswith(('tpmock.kit', 'tpmock.server', 'flask'))]"
    code = f"import sys; from tpmock.cli.main import tpmock; tpmock(['-h'], standalone_mode=False); print({listed})"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("tset", "No such command 'tset'. Did you mean 'test'?"),
        ("zzzz", "No such command 'zzzz'. There are up, serve, "),
    ],
)
def test_a_mistyped_command_is_reported(given: str, said: str) -> None:
    shown = CliRunner().invoke(tpmock, [given])
    assert shown.exit_code == 2
    assert said in shown.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(shell: str) -> None:
    script = CliRunner().invoke(tpmock, ["completion", shell]).output
    assert f"_TPMOCK_COMPLETE={shell}_complete" in script
    words = {"COMP_WORDS": "tpmock re", "COMP_CWORD": "1" if shell != "fish" else "re"}
    asked = {**words, "_TPMOCK_COMPLETE": f"{shell}_complete"}
    shown = CliRunner().invoke(tpmock, [], prog_name="tpmock", env=asked).output
    assert "redirect" in shown


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing: its completion script is not run")
def test_bash_takes_the_script(tmp_path: Path) -> None:
    script = tmp_path / "tpmock"
    script.write_text(CliRunner().invoke(tpmock, ["completion", "bash"]).output, encoding="utf-8")
    command = f"PATH={Path(sys.executable).parent}:$PATH; . {script} && complete -p tpmock"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603, S607
    assert "tpmock" in shown.stdout
