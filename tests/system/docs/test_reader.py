"""The reader of pages notices an example that does not do what the page says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.examples import Reader
from tests.support.pages import README, Page

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing: examples are not run")


def block(info: str, body: str) -> str:
    return f"```{info}\n{body}\n```\n\n"


def follow(text: str, folder: Path) -> set[str]:
    with Reader(Page(README, text), folder) as reader:
        reader.follow()
    return reader.left_out


@needs_bash
@pytest.mark.parametrize(
    "text",
    [
        block("sh", "echo 1001 queued") + block("text", "1001 queued"),
        block("sh", "printf 'a\\nb  1\\nc\\n'") + block("text", "a\nb … 1\nc"),
        block("sh exits 3", "exit 3"),
        block("sh", "export SHOP=mine") + block("sh", 'test "$SHOP" = mine'),
        "Save it as `shop.py`:\n\n" + block("python", "print(7)") + block("sh", "python shop.py") + block("text", "7"),
        block("sh stays", "echo ready; sleep 60") + block("text", "ready"),
        block("sh not run: needs Docker", "exit 1"),
    ],
    ids=["output", "order and gaps", "exit code", "variables", "file", "program that stays", "not run"],
)
def test_what_is_right_passes(text: str, tmp_path: Path) -> None:
    assert follow(text, tmp_path) == set()


@needs_bash
@pytest.mark.parametrize(
    "text",
    [
        block("sh", "echo 1001 queued") + block("text", "1002 queued"),
        block("sh", "printf 'b\\na\\n'") + block("text", "a\nb"),
        block("sh", "false; true"),
        block("sh", "false | true"),
        block("sh", 'echo "$NEVER_SET"'),
        block("sh exits 1", "true"),
        block("sh exits 1", "exit 2"),
        block("python", "assert 1 == 2"),
        block("python", "def test_it():\n    assert 1 == 2"),
        block("sh stays", "echo ready; sleep 60") + block("text", "never"),
    ],
)
def test_what_is_wrong_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        follow(text, tmp_path)


@needs_bash
@pytest.mark.parametrize("missing", ["nothing-of-this-name", "@example/nothing"])
def test_an_example_for_a_program_that_is_missing_is_left_out(tmp_path: Path, missing: str) -> None:
    assert follow(block(f"sh needs {missing}", "exit 1"), tmp_path) == {missing}


@needs_bash
def test_an_npm_package_is_found_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "node_modules" / ".bin"
    for folder in (programs, programs.parent / "@example" / "package"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    reader = tmp_path / "reader"
    reader.mkdir()
    assert follow(block("sh needs @example/package", "test -d node_modules/@example/package"), reader) == set()


@needs_bash
def test_a_word_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"README\.md:1: a block says 'sh perhaps'"):
        follow(block("sh perhaps", "true"), tmp_path)
