"""The pages of the documentation hang together."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.support import ROOT
from tests.support.doc_commands import every_command
from tests.support.pages import README, Page, documents, index, listed, page, unlisted

PAGES = listed()


def test_every_page_is_listed_once() -> None:
    paths = [path for section in index().values() for path in section]
    assert sorted(set(paths)) == sorted(paths)
    assert list(unlisted()) == []


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_a_page_says_in_its_first_line_what_it_is_for(each: Page) -> None:
    title, blank, purpose, *rest = each.text.splitlines()
    assert re.fullmatch(r"# \S.+", title)
    assert blank == ""
    assert re.fullmatch(r"[A-Z][^.].{20,150}[^.]\.", purpose), "one sentence in one line"
    assert rest[:1] in ([], [""])


def test_titles_and_purposes_differ() -> None:
    for line in (0, 2):
        said = [each.text.splitlines()[line] for each in PAGES]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize("each", documents(), ids=lambda each: each.name)
def test_every_link_leads_somewhere(each: Page) -> None:
    for link in each.links():
        path, _, anchor = link.partition("#")
        target = (each.path.parent / path).resolve() if path else each.path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor:
            assert anchor in page(target).anchors(), link


def commands_named() -> Iterator[tuple[str, str]]:
    """Yield every ``tpmock ...`` of a page's blocks and of its text, with the page."""
    for each in (page(README), *PAGES):
        typed = "".join(block.body for block in each.blocks() if block.language == "sh")
        lines = typed.replace("\\\n", " ").splitlines()
        for text in (*lines, *re.findall(r"`([^`\n]+)`", each.prose)):
            for found in re.findall(r"(?:^|[(\s/])(tpmock [a-z][^|;&)>]*)", text):
                yield each.name, found


def test_every_command_and_every_option_that_is_named_exists() -> None:
    known = {full: command for command, full in every_command()}
    seen = 0
    for name, line in commands_named():
        words = shlex.split(line.split(" -- ")[0].rstrip("\\."))
        full = max((full for full in known if words[: len(full.split())] == full.split()), default="", key=len)
        assert full, f"{name}: {line}"
        options = {option for part in known[full].params for option in (*part.opts, *part.secondary_opts)} | {"--help"}
        for word in words:
            assert not word.startswith("--") or word.partition("=")[0] in options, f"{name}: {line}: {word}"
        seen += 1
    assert seen > 100
