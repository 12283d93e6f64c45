"""What is made once for the pages: compiled templates for later processes, and addresses prepared on first use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from tpmock.console.app import PageRule
from tpmock.console.compiled_templates import CompiledTemplates
from werkzeug.routing import BuildError, Map


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # As a user's Python is, with any settings of the one that runs the tests.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "page.html").write_text("Hello {{ name }}", encoding="utf-8")
    return tmp_path


def shown(folder: Path, sources: tuple[Path, ...] = (), fail: str = "") -> str:
    """The page, as a process shows that starts now; ``fail`` says why it may not be compiled."""
    environment = Environment(loader=FileSystemLoader(folder), bytecode_cache=CompiledTemplates(folder, sources))  # noqa: S701 - no HTML
    if fail:
        environment.compile = lambda *_, **__: pytest.fail(fail)  # type: ignore[method-assign]
    return environment.get_template("page.html").render(name="Ada")


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*"))


def test_a_template_is_compiled_once(folder: Path) -> None:
    assert shown(folder) == "Hello Ada"
    assert shown(folder, fail="it is compiled already") == "Hello Ada"
    assert len(kept(folder)) == 1


def test_a_changed_template_is_compiled_again(folder: Path) -> None:
    shown(folder)
    (folder / "page.html").write_text("Goodbye {{ name }}", encoding="utf-8")
    assert shown(folder) == "Goodbye Ada"


def test_other_filters_compile_it_again(folder: Path) -> None:
    source = folder / "filters.py"
    source.write_text("1", encoding="utf-8")
    shown(folder, (source,))
    source.write_text("2", encoding="utf-8")
    shown(folder, (source,))
    assert len(kept(folder)) == 2


@pytest.mark.parametrize("half", [b"", b"rubbish", None])
def test_a_damaged_file_is_made_again(folder: Path, half: bytes | None) -> None:
    shown(folder)
    [place] = kept(folder)
    whole = place.read_bytes()
    place.write_bytes(whole[:-9] if half is None else half)
    assert shown(folder) == "Hello Ada"
    assert place.read_bytes() == whole


def test_nothing_is_kept_where_python_may_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shown(folder) == "Hello Ada"
    assert kept(folder) == []


def test_without_a_place_it_is_shown_all_the_same(folder: Path) -> None:
    (folder / "__pycache__").write_text("no folder", encoding="utf-8")
    assert shown(folder) == "Hello Ada"


def test_addresses_are_those_of_flasks_own_rules() -> None:
    rules = Map([PageRule("/<sandbox>/orders/<trace>", endpoint="order"), PageRule("/", endpoint="home")])
    adapter = rules.bind("localhost")
    for _ in range(2):
        assert (
            adapter.build("order", {"sandbox": "default", "trace": "a b", "q": "c&d"})
            == "/default/orders/a%20b?q=c%26d"
        )
        assert adapter.build("home", {"q": 1}) == "/?q=1"
        assert adapter.build("home", {"q": 1}, append_unknown=False) == "/"
        with pytest.raises(BuildError):
            adapter.build("order", {"sandbox": "default"})
