"""Every command that reads a file, with each file of ``fixtures/hostile``: an error message and exit code 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tpmock.cli.main import tpmock
from tpmock.server import serve

from tests.support import ROOT

FILES = sorted((ROOT / "fixtures" / "hostile").iterdir())
#: What a command ends with when it took the file for a good one and would have served.
SERVED = 99
#: Commands in which a file is read, with the file's place. None of them reaches a mock before it has read the file.
READERS: dict[str, Callable[[Path], list[str]]] = {
    "world": lambda file: ["serve", "--port", "0", "--world", str(file)],
    "named world": lambda file: ["serve", "--port", "0", "--world", f"big={file}"],
    "contract": lambda file: ["test", "--contract", str(file)],
    "expected": lambda file: ["test", "--expected", str(file)],
    "replay": lambda file: ["test", "replay", str(file)],
    "drift": lambda file: ["drift", str(file)],
    "event": lambda file: ["event", "send", str(file), "--url", "http://127.0.0.1:9"],
}


@pytest.fixture(autouse=True)
def _nothing_is_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(serve, "serve", lambda *_: SERVED)
    for name in ("TPMOCK_URL", "TPMOCK_SANDBOX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def ran(*arguments: str) -> Result:
    result = CliRunner().invoke(tpmock, list(arguments))
    crash = result.exception if not isinstance(result.exception, SystemExit) else None
    assert crash is None, f"{type(crash).__name__}: {crash}"
    assert "Traceback" not in result.output
    return result


def is_a_sentence(result: Result) -> bool:
    lines = result.stderr.strip().splitlines() or [""]
    if lines[-1].startswith("See 'tpmock docs "):
        lines.pop()
    return lines[-1].startswith("Error: ") and len(lines[-1]) < 2_000


def cases() -> Iterator[object]:
    for reader in READERS:
        for file in FILES:
            yield pytest.param(reader, file, id=f"{reader}-{file.name}")


@pytest.mark.parametrize(("reader", "file"), list(cases()))
def test_a_file_that_cannot_be_used_is_an_error_message(reader: str, file: Path) -> None:
    result = ran(*READERS[reader](file))
    assert result.exit_code == 2, result.output
    assert is_a_sentence(result), result.output


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_or_nothing_is_an_error_message(reader: str, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        result = ran(*READERS[reader](path))
        assert result.exit_code == 2, result.output
        assert is_a_sentence(result), result.output


@pytest.mark.parametrize("name", ["tpmock.toml", "pyproject.toml"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_settings_that_cannot_be_used_are_an_error_message(name: str, file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    if name == "pyproject.toml" and file.name == "wrong-types.toml":
        content = b"[tool.tpmock]\n" + content
    (tmp_path / name).write_bytes(content)
    result = ran("serve", "--port", "0")
    if content.strip():
        assert result.exit_code == 2, result.output
        assert is_a_sentence(result), result.output
    else:
        assert result.exit_code == SERVED


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_pack_that_is_none_is_told_what_is_wrong(file: Path) -> None:
    result = ran("evidence", "verify", str(file))
    assert result.exit_code == 1
    assert result.output.startswith("wrong: ")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_state_file_that_is_none_is_set_aside(file: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(file.read_bytes())
    result = ran("serve", "--port", "0", "--state", str(state))
    assert "It was set aside as" in result.stderr
    assert state.with_name("state.damaged-1").read_bytes() == file.read_bytes()


def test_a_place_that_cannot_be_written_is_an_error_message(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "world.json"):
        result = ran("seed", "--reviews", "1", "-o", str(place))
        assert (result.exit_code, is_a_sentence(result)) == (2, True)
