"""Texts use the terms of the glossary; tests/support/glossary.yaml has the terms and the words to avoid.

``python -m tests.system.test_language`` writes the page of the documentation from the same file.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support import ROOT
from tests.support.pages import DOCS

PAGE: Final = DOCS / "glossary.md"
_HEAD: Final = """# Glossary

Meanings of the terms that this documentation, the commands and the messages use.

"""
#: Folders with texts, and the kinds of files in them.
_FOLDERS: Final = ("mockserver", "contracts", "fixtures", "tests")
_KINDS: Final = {".cjs", ".css", ".html", ".js", ".json", ".md", ".mjs", ".py", ".sql", ".toml", ".ts", ".txt", ".yaml"}


@cache
def glossary() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "tests/support/glossary.yaml").read_text(encoding="utf-8"))
    return data


def as_page() -> str:
    """Return the documentation page of the terms."""
    lines = []
    for one in glossary()["terms"]:
        more = f" See [{one['page']}]({one['page']})." if "page" in one else ""
        lines.append(f"**{one['term']}**: {one['meaning']}{more}\n")
    return _HEAD + "\n".join(lines)


@cache
def avoided() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the patterns with the terms to use instead."""
    pairs = [(pattern, one["term"]) for one in glossary()["terms"] for pattern in one.get("avoid", ())]
    pairs += [(one["avoid"], one["use"]) for one in glossary()["constructions"]]
    # A text is wrapped anywhere, in the middle of a phrase too.
    return tuple((re.compile(pattern.replace(" ", r"\s+(?:#:?\s+)?"), re.IGNORECASE), use) for pattern, use in pairs)


def prose(path: Path) -> Iterator[str]:
    """Yield the texts of a file: of Python, comments and strings of several words; of any other, everything."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".py":
        yield text
        return
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield "\n".join(token.string for token in tokens if token.type == tokenize.COMMENT)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def found(texts: Iterator[str]) -> list[str]:
    """Return what the texts of a file say that they should not, with the terms to use."""
    return [
        f"{' '.join(hit.group().split())!r}: use {use!r}"
        for text in texts
        for pattern, use in avoided()
        for hit in pattern.finditer(text)
    ]


def files() -> Iterator[Path]:
    allowed = tuple(one["path"] for one in glossary()["allow"])
    for path in [*ROOT.glob("*.md"), *(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*"))]:
        if path.suffix in _KINDS and path.is_file() and not path.relative_to(ROOT).as_posix().startswith(allowed):
            yield path


def test_texts_use_the_terms_of_the_glossary() -> None:
    named = {path.relative_to(ROOT).as_posix(): path for path in files()}
    wrong = {name: found(prose(path)) for name, path in named.items()}
    assert {name: words for name, words in wrong.items() if words} == {}


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("The mail has left.", "email"),
        ("# The mail\n    # has left.", "email"),
        ("Two faults are armed.", "fault"),
        ("Programs that are wrong on purpose", "mutant"),
        ("data is no JSON", "is not a valid ..."),
    ],
)
def test_a_word_to_avoid_is_found(text: str, term: str) -> None:
    assert [one.rsplit(": use ", 1)[1] for one in found(iter([text]))] == [repr(term)]


@pytest.mark.parametrize("text", ["nobody is here", "The rule is\n    # told a lie.", "the catalogue's entry"])
def test_a_word_with_several_terms_is_found(text: str) -> None:
    assert len(found(iter([text]))) == 1


@pytest.mark.parametrize("text", ["say(nobody-known)", "nobody@example.com", "/find?name=nobody.test", "as `nobody`"])
def test_a_name_is_not_a_word(text: str) -> None:
    assert found(iter([text])) == []


@pytest.mark.parametrize("text", ["The email was sent.", "Send a strike price.", "The test bench marks"])
def test_other_words_are_not(text: str) -> None:
    assert found(iter([text.replace("test bench", "test, and bench")])) == []


def test_terms_are_in_order_and_every_exception_has_a_reason() -> None:
    terms = [one["term"] for one in glossary()["terms"]]
    assert terms == sorted(terms, key=str.lower)
    assert all(one["reason"] and (ROOT / one["path"]).exists() for one in glossary()["allow"])


def test_the_page_has_every_term() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_page(), "run: python -m tests.system.test_language"


if __name__ == "__main__":
    PAGE.write_text(as_page(), encoding="utf-8")
