"""What an earlier start put aside holds for exactly what it was made from, and is never believed half."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tpmock import spec
from tpmock.common import compiled, package_data


class Checks(list[Any]):
    """Remembers what it was asked about."""

    def __call__(self, content: Any) -> None:
        self.append(content)
        if "wrong" in content:
            raise spec.SpecError("wrong: this program does not understand it")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # As a user's Python is, with any settings of the one that runs the tests.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    file = tmp_path / "things.yaml"
    file.write_text("read: 2026-01-31\n200: {a: [1, 2]}\n", encoding="utf-8")
    return file


def place_of(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source))).with_name(f"{source.stem}.json")


def test_yaml_is_read_and_checked_once(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Checks()
    first = compiled.content(source, checks)
    assert first == {"read": "2026-01-31", "200": {"a": [1, 2]}}
    monkeypatch.setattr(yaml, "load", lambda *_, **__: pytest.fail("YAML was read again"))
    assert compiled.content(source, checks) == first
    assert len(checks) == 1


def test_a_change_is_seen_and_checked(source: Path) -> None:
    checks = Checks()
    compiled.content(source, checks)
    source.write_text("wrong: 1\n", encoding="utf-8")
    for _ in range(2):  # what was refused is not kept
        with pytest.raises(spec.SpecError, match="does not understand"):
            compiled.content(source, checks)
    source.write_text("right: 1\n", encoding="utf-8")
    assert compiled.content(source, checks) == {"right": 1}


def test_other_code_looks_at_it_again(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Checks()
    compiled.content(source, checks)
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "strict.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(compiled, "_JUDGES", tmp_path / "judges")
    compiled.content(source, checks)
    assert len(checks) == 2


@pytest.mark.parametrize("half", [b"", b"rubbish", b"\n{", None])
def test_what_is_damaged_is_made_anew(source: Path, half: bytes | None) -> None:
    whole = compiled.content(source)
    place = place_of(source)
    place.write_bytes(place.read_bytes()[:-3] if half is None else half)
    assert compiled.content(source) == whole
    assert json.loads(place.read_bytes().partition(b"\n")[2]) == whole


def test_nothing_is_put_aside_where_python_may_not(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compiled.content(source)
    assert not place_of(source).exists()


def test_where_nothing_can_be_written_it_is_read_all_the_same(source: Path) -> None:
    place_of(source).parent.write_text("no folder", encoding="utf-8")
    assert compiled.content(source)["200"] == {"a": [1, 2]}


def test_it_lies_where_python_was_told(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "elsewhere"))
    compiled.content(source)
    assert place_of(source).is_file()
    assert (tmp_path / "elsewhere") in place_of(source).parents


def test_the_twin_of_a_wheel_is_taken_as_it_is(source: Path) -> None:
    source.with_suffix(".json").write_text('{"from": "the wheel"}', encoding="utf-8")
    assert compiled.content(source, lambda _: pytest.fail("a wheel was checked when it was built")) == {
        "from": "the wheel"
    }


@pytest.mark.parametrize("api", spec.APIS)
def test_a_document_opened_late_is_the_document_read_whole(api: str) -> None:
    late = spec.load(api)
    source = package_data.path("openapi", f"{api}.yaml")
    whole = spec.parse(api, source.read_text(encoding="utf-8"))
    assert list(late.operations) == list(whole.operations) == list(late.routes)
    for name, operation in whole.operations.items():
        assert (operation.method, operation.path) == late.routes[name]
        assert late.operations[name] is late.operations[name]
        assert late.operations[name].responses.keys() == operation.responses.keys()
        assert late.operations[name].parameter_schema.document == operation.parameter_schema.document
