"""Commands find the mock that runs by the file that it has written, and are not misled by stale ones."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tpmock.common import running_mocks
from tpmock.common.running_mocks import DEFAULT_URL, AmbiguousError, Announcement

#: No process has it: Linux counts to 4,194,304 at most.
NO_PROCESS = 9_999_999
Announce = Callable[..., Path]


class Program(BaseHTTPRequestHandler):
    """Answers every call with the same text."""

    text = b'{"status": "ok", "version": "0", "sandboxes": 1}'

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Page(Program):
    text = b"<html>the shop</html>"


def serving(handler: type[Program]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def one() -> Iterator[str]:
    yield from serving(Program)


@pytest.fixture(scope="module")
def another() -> Iterator[str]:
    yield from serving(Program)


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    yield from serving(Page)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, and a working folder beside it that is the current one."""
    monkeypatch.delenv("TPMOCK_CONTROL_TOKEN", raising=False)
    monkeypatch.setenv("TPMOCK_HOME", str(tmp_path / "home"))
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "home"


@pytest.fixture
def announce(home: Path, tmp_path: Path) -> Announce:
    pids = iter(range(NO_PROCESS, NO_PROCESS + 10))

    def write(url: str, folder: str = "elsewhere", token: str | None = None) -> Path:
        file = home / "running" / f"{(pid := next(pids))}.json"
        said: list[str] = []
        Announcement(pid, str(tmp_path / folder), file).write(url, token, said.append)
        assert said == []
        return file

    return write


def found(url: str | None = None) -> tuple[str, list[str]]:
    """The address that a command asks, and what it says on standard error."""
    said: list[str] = []
    return running_mocks.client(url, said.append).url, said


def test_without_a_mock_it_is_the_default_address(home: Path) -> None:
    assert found() == (DEFAULT_URL, [])
    assert not home.exists()


def test_the_only_mock_is_found_wherever_it_was_started(announce: Announce, one: str) -> None:
    file = announce(one)
    assert found() == (one, [])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_given_address_wins(announce: Announce, one: str, another: str) -> None:
    announce(one, "shop")
    assert found(another) == (another, [])


@pytest.mark.parametrize("folder", ["shop", "."])
def test_of_two_the_one_that_was_started_here_or_above_is_meant(
    announce: Announce, one: str, another: str, folder: str
) -> None:
    announce(one, folder)
    announce(another)
    assert found() == (one, [])


@pytest.mark.parametrize("folder", ["shop", "elsewhere"])
def test_two_that_are_equally_near_are_both_named(announce: Announce, one: str, another: str, folder: str) -> None:
    announce(one, folder)
    announce(another, folder)
    with pytest.raises(
        AmbiguousError, match=r"^2 mocks run: .*\. Name one of them with --url or in TPMOCK_URL\.$"
    ) as told:
        found()
    assert one in str(told.value)
    assert another in str(told.value)


@pytest.mark.parametrize("here", ["nothing", "page"])
def test_a_stale_file_is_told_once_and_ignored(announce: Announce, one: str, page: str, here: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = page if here == "page" else f"http://127.0.0.1:{closed.getsockname()[1]}"
    stale = announce(url, "shop")
    announce(one)
    asked, said = found()
    assert asked == one
    assert [sentence.rpartition(": ")[2] for sentence in said] == ["it no longer runs."]
    assert url in said[0]
    assert not stale.exists()
    assert found() == (one, [])


def test_a_mock_that_hangs_is_told_and_kept(announce: Announce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_mocks, "PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = announce(f"http://127.0.0.1:{silent.getsockname()[1]}")
        asked, [said] = found()
    assert (asked, said.rpartition(": ")[2]) == (DEFAULT_URL, "it does not answer.")
    assert hanging.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}', '{"other": 1}'])
def test_a_file_that_is_none_is_ignored(home: Path, one: str, announce: Announce, text: str) -> None:
    announce(one)
    (home / "running" / "x.json").write_text(text, encoding="utf-8")
    assert found() == (one, [])


@pytest.mark.parametrize("given", [None, "by address"])
def test_the_control_token_comes_with_the_address(announce: Announce, one: str, given: str | None) -> None:
    announce(one, token="secret-1")
    client = running_mocks.client(one if given else None, pytest.fail)
    assert client._token == "secret-1"


def test_a_token_of_the_environment_wins(announce: Announce, one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    announce(one, token="secret-1")
    monkeypatch.setenv("TPMOCK_CONTROL_TOKEN", "secret-2")
    assert running_mocks.client(None, pytest.fail)._token == "secret-2"


def test_the_newer_of_two_at_one_address_counts(announce: Announce, one: str) -> None:
    old = announce(one, token="old")
    os.utime(old, (1, 1))
    announce(one, token="new")
    assert running_mocks.client(None, pytest.fail)._token == "new"
    assert len(list(old.parent.iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("TPMOCK_HOME", str(tmp_path / "home"))
    said: list[str] = []
    announcement = Announcement.of_this_process()
    announcement.write("http://127.0.0.1:1", None, said.append)
    announcement.withdraw()
    assert said[0].startswith(
        "Other commands do not find this mock by themselves: give them --url http://127.0.0.1:1. "
    )
    assert said[0].endswith(".json cannot be written: Not a directory.")
    assert found() == (DEFAULT_URL, [])


def test_a_user_without_a_home_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TPMOCK_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)

    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", no_home)
    said: list[str] = []
    announcement = Announcement.of_this_process()
    announcement.write("http://127.0.0.1:1", None, said.append)
    announcement.withdraw()
    assert said[0].endswith("This user has no home folder; name a folder in TPMOCK_HOME.")
    assert found() == (DEFAULT_URL, [])


def test_what_is_written_is_what_is_read(home: Path, one: str) -> None:
    announcement = Announcement.of_this_process()
    announcement.write(one, "t", pytest.fail)
    [file] = (home / "running").iterdir()
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "url": one,
        "folder": str(Path.cwd()),
        "pid": os.getpid(),
        "token": "t",
    }
    assert str(running_mocks.listening_at(one)) == f"{one} (started in {Path.cwd()}, process {os.getpid()})"
    announcement.withdraw()
    assert running_mocks.listening_at(one) is None
