from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tpmock.core.settings_file import SETTINGS, SettingsError, read


def written(folder: Path, text: str, name: str = "tpmock.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def values(folder: Path, environ: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    return read(folder, environ or {}).values


def refusal(folder: Path, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as refused:
        read(folder, environ or {})
    return str(refused.value)


def test_no_file_and_no_environment_set_nothing(tmp_path: Path) -> None:
    assert values(tmp_path) == {}


def test_a_file_of_its_own(tmp_path: Path) -> None:
    text = 'port = 0\nvariants = {partner_grant = "password"}\nallow_hosts = ["shop.test"]\nin_process = true'
    assert values(written(tmp_path, text)) == {
        "port": 0,
        "variants": {"partner_grant": "password"},
        "allow_hosts": ["shop.test"],
        "in_process": True,
    }


def test_a_section_of_pyproject(tmp_path: Path) -> None:
    assert values(written(tmp_path, "[tool.tpmock]\nseed = 7", "pyproject.toml")) == {"seed": 7}


def test_a_pyproject_without_the_section_holds_nothing(tmp_path: Path) -> None:
    assert values(written(tmp_path, "[tool.other]\nport = 7", "pyproject.toml")) == {}


def test_the_nearest_file_upwards_holds(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    written(tmp_path, "port = 1")
    assert read(inner, {}).file == tmp_path / "tpmock.toml"
    written(tmp_path / "a", "port = 2")
    assert values(inner) == {"port": 2}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    written(tmp_path, 'port = 1\nurl = "http://127.0.0.1:1"\nseed = 3')
    given = {"TPMOCK_PORT": "2", "TPMOCK_URL": "http://127.0.0.1:2", "TPMOCK_WORLD": ""}
    assert values(tmp_path, given) == {"port": 2, "url": "http://127.0.0.1:2", "seed": 3}


def test_the_environment_knows_tables_lists_and_yes(tmp_path: Path) -> None:
    given = {
        "TPMOCK_VARIANTS": "token_type=BearerToken, partner_grant=any",
        "TPMOCK_ALLOW_HOSTS": "a.test,b.test",
        "TPMOCK_IN_PROCESS": "1",
    }
    assert values(tmp_path, given) == {
        "variants": {"token_type": "BearerToken", "partner_grant": "any"},
        "allow_hosts": ["a.test", "b.test"],
        "in_process": True,
    }


def test_world_files_lie_beside_the_settings(tmp_path: Path) -> None:
    inner = tmp_path / "tests"
    inner.mkdir()
    written(tmp_path, 'world = "shop.yaml"\nworlds = {big = "big.json"}')
    assert read(inner, {}).worlds == {"default": tmp_path / "shop.yaml", "big": tmp_path / "big.json"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "there is no setting 'prot'. Did you mean 'port'?"),
        ("in-process = true", "there is no setting 'in-process'. Did you mean 'in_process'?"),
        ("zzz = 1", f"there is no setting 'zzz'. There are {', '.join(SETTINGS)}."),
        ("port = 65536", "port is a whole number from 0 to 65535, not 65536."),
        ("port = true", "port is a whole number from 0 to 65535, not True."),
        ('url = "localhost"', "url is an address such as http://127.0.0.1:8080, not 'localhost'."),
        ("variants = {a = 1}", "variants is a table of texts, not {'a': 1}."),
        ("in_process = 1", "in_process is true or false, not 1."),
        ("port", "is not TOML:"),
    ],
)
def test_what_is_wrong_is_reported(tmp_path: Path, text: str, sentence: str) -> None:
    told = refusal(written(tmp_path, text))
    assert told.startswith(str(tmp_path / "tpmock.toml"))
    assert sentence in told


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, {"TPMOCK_PORT": "x"}) == "$TPMOCK_PORT: port is a whole number from 0 to 65535, not 'x'."
    assert "$TPMOCK_VARIANTS: variants is a table" in refusal(tmp_path, {"TPMOCK_VARIANTS": "partner_grant"})
    assert "$TPMOCK_IN_PROCESS: in_process is true or false" in refusal(tmp_path, {"TPMOCK_IN_PROCESS": "perhaps"})


def test_two_places_are_one_too_many(tmp_path: Path) -> None:
    written(tmp_path, "[tool.tpmock]\nport = 1", "pyproject.toml")
    written(tmp_path, "port = 1")
    assert "both hold settings: keep one of them" in refusal(tmp_path)
