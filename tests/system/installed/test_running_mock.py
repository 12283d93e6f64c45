"""``tpmock up`` and ``serve`` write where they are; other commands find them, and stale files do no harm."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.system.installed.running import PATIENCE, Command, ran, serving, up


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder."""
    for name in ("TPMOCK_URL", "TPMOCK_CONTROL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TPMOCK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_commands_find_up_and_its_control_token(tpmock: Command, home: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    with up(tpmock, shop, {**os.environ, "TPMOCK_CONTROL_TOKEN": "secret-1"}) as everything:
        [file] = (home / "running").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        assert ran([*tpmock, "event", "order", "--id", "1001"], cwd=tmp_path).stdout == "1001\n"
        [place] = [line for line in ran([*tpmock, "env"], cwd=shop).stdout.splitlines() if "TPMOCK_URL" in line]
        assert everything.url in place
        everything.process.send_signal(signal.SIGINT)
        assert everything.process.wait(PATIENCE) == 0
    assert list(file.parent.iterdir()) == []
    assert sorted(path.name for path in shop.iterdir()) == ["up.stderr"]


def test_two_in_two_folders_and_one_that_was_killed(tpmock: Command, home: Path, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with serving(tpmock, folders[0]) as one, serving(tpmock, folders[1]) as two:
        for folder, url in zip(folders, (one, two), strict=True):
            assert url in ran([*tpmock, "env"], cwd=folder).stdout
        asked = ran([*tpmock, "env"], cwd=tmp_path)
        assert asked.returncode == 2
        assert "2 mocks run: " in asked.stderr
        for own in (one, two, *map(str, folders)):
            assert own in asked.stderr
        [killed] = [
            psutil.Process(int(file.stem))
            for file in (home / "running").iterdir()
            if two in file.read_text(encoding="utf-8")
        ]
        workers = killed.children(recursive=True)
        killed.kill()
        psutil.wait_procs([killed, *workers], timeout=PATIENCE)
        asked = ran([*tpmock, "env"], cwd=folders[1])
        assert (
            asked.stderr
            == f"Ignored the mock at {two} (started in {folders[1]}, process {killed.pid}): it no longer runs.\n"
        )
        assert one in asked.stdout
        assert ran([*tpmock, "env"], cwd=folders[1]).stderr == ""
    assert list((home / "running").iterdir()) == []


def test_a_mock_that_another_program_starts_for_itself_is_not_found(
    tpmock: Command, home: Path, tmp_path: Path
) -> None:
    inside = [*tpmock, "run", "--", "sh", "-c", 'echo "$TPMOCK_HOME/running/"*; echo "$TRUSTPILOT_API_KEY"']
    done = ran(inside, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{home}/running/*"


def test_a_home_that_cannot_be_written_stops_nothing(tpmock: Command, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    pipe = subprocess.PIPE
    command = [*tpmock, "serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - the command under test
        command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, "TPMOCK_HOME": str(tmp_path / "home")}
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert said.startswith(f"Other commands do not find this mock by themselves: give them --url {url}. ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "option", "choice"),
    [
        ("serve", "--port", "--port or TPMOCK_PORT"),
        ("up", "--port", "--port or TPMOCK_PORT"),
        ("up", "--destination-port", "--destination-port or TPMOCK_DESTINATION_PORT"),
    ],
)
def test_a_port_that_another_program_has(
    tpmock: Command, tmp_path: Path, command: str, option: str, choice: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        rest = ["--port", "0"] if option == "--destination-port" else []
        done = ran([*tpmock, command, *rest, option, str(port)], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Error: Cannot listen at 127.0.0.1 port {port}: Address already in use. "
        f"Another program is there; 'lsof -i :{port}' shows which. Choose another with {choice}; 0 picks a free one.\n"
        "See 'tpmock docs reference/settings'.\n"
    )


def test_a_port_that_a_mock_has(tpmock: Command, home: Path, tmp_path: Path) -> None:
    with serving(tpmock, tmp_path) as url:
        [file] = (home / "running").iterdir()
        done = ran([*tpmock, "serve"], env={**os.environ, "TPMOCK_PORT": url.rpartition(":")[2]})
    assert done.returncode == 2
    assert f"The mock that was started in {tmp_path} (process {file.stem}) is there: use it, or end it." in done.stderr
