"""The state of all sandboxes in a file: written soon, brought back whole, never half."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mockserver import state_file
from mockserver.app import Mock, Settings
from mockserver.keeper import examine, locked
from mockserver.state_file import DamagedError, StateFileError
from tests.doors import InProcess, Judge
from tests.sandboxes import SandboxUnderTest, an_invitation


class Keeping(InProcess):
    """A mock that keeps its state."""

    def __init__(self, path: Path) -> None:
        super().__init__(Mock(Settings(state=path)))


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
        keeper = door.mock.keeper
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
    from mockserver.sandbox_state import KeptSandbox  # noqa: PLC0415 - only here

    state_file.write(path, [KeptSandbox(id="default", state=b"\x81\xa2id\xa1x")])
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
