"""The state of all sandboxes in a file: written soon, brought back whole, never half."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tpmock.common.control_client import ControlClient
from tpmock.sandbox import state_file
from tpmock.sandbox.autosave import examine, locked
from tpmock.sandbox.errors import StateFileError
from tpmock.sandbox.state_file import DamagedError
from tpmock.server.app import MockApp, MockSettings

from tests.support import ROOT
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest, an_invitation


class Keeping(InProcess):
    """A mock that keeps its state."""

    def __init__(self, path: Path) -> None:
        super().__init__(MockApp(MockSettings(state=path)))


@contextmanager
def keeping(path: Path) -> Iterator[Keeping]:
    door = Keeping(path)
    try:
        yield door
    finally:
        door.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state"


def save(door: Keeping) -> Mapping[str, Any]:
    answer = door.send("POST", "/_mock/state", {"Host": "localhost"}, b"")
    assert answer.status == 200, answer.text
    saved: Mapping[str, Any] = answer.json
    return saved


def test_everything_is_there_after_a_restart(path: Path, judge: Judge) -> None:
    with keeping(path) as door:
        first = SandboxUnderTest(door, judge, seed=5, variants={"partner_grant": "password"})
        token = first.access_token()
        first.invite(an_invitation(referenceNumber="1"), token=token)
        first.control("PUT", "/snapshots/one")
        first.invite(an_invitation(referenceNumber="2"), token=token)
        before = [first.rows("invitations"), first.control("GET", "/variants"), first.rows("tokens")]
    with keeping(path) as door:
        again = SandboxUnderTest(door, judge, sandbox_id=first.id)
        assert [again.rows("invitations"), again.control("GET", "/variants"), again.rows("tokens")] == before
        again.control("POST", "/clock/freeze")
        assert again.invite(an_invitation(referenceNumber="3"), token=token).status == 202
        again.advance("10m")
        assert [row["state"] for row in again.rows("invitations")] == ["delivered"] * 3
        again.control("POST", "/snapshots/one/restore")
        assert [row["referenceNumber"] for row in again.rows("invitations")] == ["1"]
        again.control("POST", "/reset")
        assert again.control("GET", "/variants")["variants"] == before[1]["variants"]


def test_a_running_clock_has_run_on_and_a_frozen_one_has_not(path: Path, judge: Judge) -> None:
    with keeping(path) as door:
        running, frozen = (SandboxUnderTest(door, judge, id=name) for name in ("running", "frozen"))
        frozen.control("POST", "/clock/freeze")
        for sandbox in (running, frozen):
            sandbox.advance("30d")
        stood = frozen.control("GET", "/clock")["now"]
        ran = running.control("GET", "/clock")["now"]
    with keeping(path) as door:
        assert SandboxUnderTest(door, judge, sandbox_id="frozen").control("GET", "/clock")["now"] == stood
        assert SandboxUnderTest(door, judge, sandbox_id="running").control("GET", "/clock")["now"] > ran


def test_what_was_answered_before_a_save_is_in_the_file(path: Path, judge: Judge, tmp_path: Path) -> None:
    with keeping(path) as door:
        sandbox = SandboxUnderTest(door, judge, sandbox_id="default")
        sandbox.invite()
        assert save(door)["sandboxes"] == 1
        copy = tmp_path / "copy"
        copy.write_bytes(path.read_bytes())
    with keeping(copy) as door:
        assert len(SandboxUnderTest(door, judge, sandbox_id="default").rows("invitations")) == 1


def test_what_did_not_change_is_not_written_again(path: Path) -> None:
    with keeping(path) as door:
        save(door)
        written = path.stat().st_mtime_ns
        save(door)
        save(door)
        # Asking to save is a call like others, after which the file is out of date; looking at nothing is none.
        assert door.mock.sandboxes.default.changed
        keeper = door.mock.autosave
        assert keeper is not None
        keeper.save()
        written = path.stat().st_mtime_ns
        keeper.save()
        assert path.stat().st_mtime_ns == written


def test_a_removed_sandbox_stays_removed(path: Path, judge: Judge) -> None:
    with keeping(path) as door:
        gone = SandboxUnderTest(door, judge)
        save(door)
        gone.control("DELETE", "")
    with keeping(path) as door:
        assert door.send("GET", f"/_mock/sandboxes/{gone.id}", {"Host": "localhost"}, b"").status == 404


def test_without_a_file_nothing_can_be_saved() -> None:
    door = InProcess()
    answer = door.send("POST", "/_mock/state", {"Host": "localhost"}, b"")
    door.close()
    assert (answer.status, "--state" in answer.hint) == (409, True)


def damage(path: Path, way: str) -> None:
    content = path.read_bytes()
    ways = {
        "empty": b"",
        "cut off": content[: len(content) // 2],
        "one bit": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        "something else": b'{"hello": "world"}',
        "only the header": content[:15],
    }
    path.write_bytes(ways[way])


@pytest.mark.parametrize("way", ["empty", "cut off", "one bit", "something else", "only the header"])
def test_a_damaged_file_is_set_aside_with_a_sentence(path: Path, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    with keeping(path):
        pass
    damage(path, way)
    damaged = path.read_bytes()
    with pytest.raises(DamagedError):
        state_file.read(path)
    examine(path)
    aside = path.with_name("state.damaged-1")
    assert (aside.read_bytes(), path.exists()) == (damaged, False)
    said = capsys.readouterr().err
    assert str(aside) in said
    assert "damaged" in said


def test_damaged_files_do_not_overwrite_each_other(path: Path) -> None:
    for content in (b"one", b"two"):
        path.write_bytes(content)
        examine(path)
    assert [path.with_name(f"state.damaged-{number}").read_bytes() for number in (1, 2)] == [b"one", b"two"]


def test_a_state_of_another_shape_is_set_aside(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tpmock.sandbox.state import SavedSandbox  # noqa: PLC0415 - only here

    state_file.write(path, [SavedSandbox(id="default", state=b"\x81\xa2id\xa1x")])
    examine(path)
    assert "damaged" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match="cannot be read"):
        examine(tmp_path)


def test_two_mocks_do_not_share_a_file(path: Path) -> None:
    with locked(path), pytest.raises(StateFileError, match="Another mock"), locked(path):
        pass
    with locked(path):
        pass


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match="cannot be written"), locked(tmp_path / "none" / "state"):
        pass


def test_a_state_file_of_version_0_1_0_loads(path: Path, judge: Judge) -> None:
    """Written by the last version whose modules were called ``mockserver``: the format knows no module."""
    old = ROOT / "fixtures" / "states" / "0.1.0.state"
    expected = json.loads(old.with_suffix(".json").read_text(encoding="utf-8"))
    path.write_bytes(old.read_bytes())
    examine(path)
    with keeping(path) as door:
        shop = SandboxUnderTest(door, judge, sandbox_id="shop")
        listed = ("clock", "variants", "faults", "invitations", "reviews", "tokens", "segment/events", "snapshots")
        found = {name.removeprefix("segment/"): shop.control("GET", f"/{name}") for name in listed}
        # Newer variants have their default.
        known = {row["name"] for row in expected["variants"]["variants"]}
        later = [row for row in found["variants"]["variants"] if row["name"] not in known]
        assert [row["value"] for row in later] == [row["default"] for row in later]
        # What a variant says of itself, and the values it has, may change; what it is set to does not.
        kept = {row["name"]: row["value"] for row in found.pop("variants")["variants"] if row["name"] in known}
        assert kept == {row["name"]: row["value"] for row in expected["variants"]["variants"]}
        # Rows have more members today, and tokens are no longer masked (decision 0364).
        [token] = expected["tokens"]["tokens"]
        token |= {"token": expected["token"], "apiKey": expected["credentials"]["apiKey"]}
        for name in ("invitations", "tokens"):
            rows = zip(found[name][name], expected[name][name], strict=True)
            found[name][name] = [{member: row[member] for member in old} for row, old in rows]
        assert found == {name: expected[name] for name in found}
        shop.control("POST", "/snapshots/first/restore")
        assert [row["referenceNumber"] for row in shop.rows("invitations")] == ["old-1"]
        assert shop.invite(an_invitation(referenceNumber="new"), token=expected["token"]).status == 202
        # Integration keys of units came later: the sandbox's is that of its unit.
        order = {"recipientEmail": "ada@example.com", "referenceId": "new"}
        assert (
            shop.call("POST", f"/api/{expected['credentials']['integrationKey']}/invitation", data=order).status == 201
        )


#: What JSON can say and MessagePack cannot.
ODD_VALUES = {"big": 10**20, "small": -(10**30), "list": [{"half": "x\ud83dy"}], "\udc00": 2**64, "float": 1e308}


def test_whatever_an_event_says_can_be_kept(path: Path, judge: Judge) -> None:
    with keeping(path) as door:
        shop = SandboxUnderTest(door, judge, id="shop")
        shop.track({"userId": "u", "event": "x", "properties": ODD_VALUES})
        shop.control("PUT", "/snapshots/odd")
        assert save(door)["sandboxes"] == 2
    with keeping(path) as door:
        again = SandboxUnderTest(door, judge, sandbox_id="shop")
        for _ in range(2):
            [event] = again.rows("segment/events")
            assert event["message"]["properties"] == json.loads(json.dumps(ODD_VALUES), object_hook=repaired)
            again.control("POST", "/snapshots/odd/restore")


def repaired(members: dict[str, Any]) -> dict[str, Any]:
    """Half characters as Segment writes them."""

    def repair(value: Any) -> Any:
        return value.replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd") if isinstance(value, str) else value

    return {repair(name): repair(value) for name, value in members.items()}


def test_a_sandbox_that_cannot_be_kept_stops_neither_the_others_nor_the_saving(
    path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with keeping(path) as door:
        bad, good = (SandboxUnderTest(door, judge, id=name) for name in ("bad", "good"))
        save(door)
        sandbox = door.mock.sandboxes.get("bad")
        assert sandbox is not None
        monkeypatch.setattr(type(sandbox), "kept", failing_for("bad", type(sandbox).kept))
        for one in (bad, good):
            one.invite(an_invitation(referenceNumber="1"))
        answer = door.send("POST", "/_mock/state", {"Host": "localhost"}, b"")
        assert (answer.status, "bad" in answer.json["detail"]) == (507, True)
        assert "cannot be kept" in caplog.text
        keeper = door.mock.autosave
        assert keeper is not None
        assert not keeper.stop()
    with keeping(path) as door:
        states = {name: SandboxUnderTest(door, judge, sandbox_id=name).rows("invitations") for name in ("bad", "good")}
        assert {name: len(rows) for name, rows in states.items()} == {"bad": 0, "good": 1}


def failing_for(name: str, kept: Any) -> Any:
    def fails(sandbox: Any) -> Any:
        if sandbox.id == name:
            raise ZeroDivisionError
        return kept(sandbox)

    return fails


def test_a_full_disk_is_reported(path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with keeping(path) as door:
        before = path.read_bytes() if path.exists() else b""
        SandboxUnderTest(door, judge).invite()
        with monkeypatch.context() as patch:
            patch.setattr(state_file, "write", full)
            answer = door.send("POST", "/_mock/state", {"Host": "localhost"}, b"")
            assert answer.status == 507
            assert "No space left on device" in answer.json["detail"]
            assert (path.read_bytes() if path.exists() else b"") == before
        assert save(door)["sandboxes"] == 2


def test_two_names_of_one_file_have_one_lock(path: Path) -> None:
    with keeping(path):
        pass
    link = path.with_name("link")
    link.symlink_to(path)
    with locked(path), pytest.raises(StateFileError, match="Another mock"), locked(link):
        pass
    before = path.read_bytes()
    with keeping(link) as door:
        save(door)
    assert link.is_symlink()
    assert path.read_bytes() != before


def test_the_state_file_is_its_owners_alone(path: Path) -> None:
    with keeping(path) as door:
        save(door)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("command", "at_end"), [("serve", 0), ("serve", 1), ("up", 0), ("up", 1)])
def test_the_exit_code_says_whether_the_last_state_was_written(tmp_path: Path, command: str, at_end: int) -> None:
    state = tmp_path / "state"
    ports = ["--port", "0", *(["--destination-port", "0"] if command == "up" else [])]
    words = [sys.executable, "-m", "tpmock", command, *ports, "--state", str(state), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:  # noqa: S603
        assert program.stdout is not None
        url = json.loads(program.stdout.readline())["url"]
        if at_end:
            # No user can write under that name any more.
            with suppress(FileNotFoundError):
                state.with_name("state.new").unlink()
            state.with_name("state.new").mkdir()
        ControlClient(url, "").call("POST", "/sandboxes", {})
        program.terminate()
        _, said = program.communicate(timeout=60)
    assert program.returncode == at_end, said
    assert ("cannot be written" in said) == bool(at_end)
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["serve", "up"])
def test_an_empty_name_is_no_state_file(command: str) -> None:
    words = [sys.executable, "-m", "tpmock", command, "--port", "0", "--state", ""]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own command
    assert ran.returncode == 2
    assert "Give one, for example tpmock.state." in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_what_up_keeps_is_its_owners_alone(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tpmock", "up", "--port", "0", "--destination-port", "0", "--json"]
    command = [*words, "--state", str(tmp_path / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, umask=0o022) as program:  # noqa: S603 - our own
        assert program.stdout is not None
        url = json.loads(program.stdout.readline())["url"]
        ControlClient(url, "").call("POST", "/state")
        kept = {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir()}
        program.terminate()
    assert {"state", "state.destination.key", "state.destination.db"} <= kept.keys()
    assert {name: mode for name, mode in kept.items() if mode} == {}
