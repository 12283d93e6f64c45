"""The generated parts of the documentation are current, and what is written by hand agrees with the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from tpmock.cli.up import first_order
from tpmock.core import settings_file
from tpmock.sandbox.world_file import default
from tpmock.testing import Collection, Tpmock, Traces, plugin
from tpmock.testing.helpers import Clock, Faults, Variants
from tpmock.testing.rows import Journal

from tests.support.doc_tables import PAGES, current
from tests.support.pages import DOCS, page

FIXTURES = page(DOCS / "reference" / "pytest-fixtures.md")


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_parts_are_current(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert current(name, text) == text, "run: python -m tests.support.doc_tables --write"


def test_the_first_order_is_the_line_that_up_prints() -> None:
    line = first_order("$MOCK", default().own["writeKey"])
    assert line.replace("1001", "1002") in page(DOCS / "get-started.md").text


def test_the_settings_of_the_example_are_settings(tmp_path: Path) -> None:
    examples = [block.body for block in page(DOCS / "reference" / "settings.md").blocks() if block.language == "toml"]
    for number, (example, name) in enumerate(zip(examples, ("pyproject.toml", "tpmock.toml"), strict=True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(example, encoding="utf-8")
        assert settings_file.read(folder, {}).values.get("variants") == {"partner_grant": "password"}


def test_the_members_that_are_named_are_there() -> None:
    kinds = (Tpmock, Collection, Traces, Journal, Clock, Faults, Variants)
    section = FIXTURES.text.partition("## Members of a sandbox")[2].partition("\n## ")[0]
    named = re.findall(r"`\.(\w+)", section)
    assert len(named) > 30
    for name in named:
        assert any(hasattr(kind, name) for kind in kinds) or f"self.{name}" in inspect.getsource(Tpmock), name


def test_every_member_is_named() -> None:
    members = {name for name in vars(Tpmock) if not name.startswith("_")} - {"strangers"}
    assert [name for name in sorted(members) if f"`.{name}" not in FIXTURES.text] == []


def test_every_fixture_and_every_option_is_named() -> None:
    for fixture in ("tpmock", "tpmock_in_process", "tpmock_server"):
        assert f"| `{fixture}` |" in FIXTURES.text
        assert hasattr(plugin, fixture)
    options = re.findall(r'addoption\("(--[a-z-]+)"', inspect.getsource(plugin))
    assert options
    assert [name for name in options if f"| `{name}" not in FIXTURES.text] == []
