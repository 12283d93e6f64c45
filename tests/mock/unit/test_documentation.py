"""How pages are read, rendered and searched, with pages of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tpmock.common import installation
from tpmock.console.documentation import library, search
from tpmock.console.documentation.rendering import render

PAGES = {
    "index": """# Start

What this is for.

See [the clock](how-to/clock.md#move-it).
""",
    "how-to/clock": """# Advance the clock

Let seven days pass.

## Move it

```sh
# not a heading
tpmock clock advance 7d
```

### `advance`

A retry happens.

## Move it

Again.
""",
    "how-to/tokens": """# Test an expired token

What happens with `401`.

The clock matters here: clock, clock, clock.
""",
    "reference": """# Reference

Everything.

<!-- table: begin -->
| name | does |
|---|---|
| `TPMOCK_URL` | address of the mock |
<!-- table: end -->
""",
}


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "docs"
    for name, text in PAGES.items():
        file = folder / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "index.yaml").write_text("Start: [index.md]\nMore: [how-to/clock.md, how-to/tokens.md, reference.md]\n")
    (folder / "decision.md").write_text("# Decision\n\nWhy.\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"")
    monkeypatch.setattr(library, "folder", lambda: folder)
    library.pages.cache_clear()
    yield folder
    library.pages.cache_clear()


@pytest.fixture
def index(pages: Path) -> search.Index:
    return search.Index(library.pages().values())


def test_pages_are_known_by_their_first_lines(pages: Path) -> None:
    page = library.pages()["how-to/clock"]
    assert (page.section, page.title, page.purpose) == ("More", "Advance the clock", "Let seven days pass.")
    other = library.find("decision")
    assert other is not None
    assert (other.section, other.title) == ("", "Decision")
    assert library.find("nothing") is None


def test_passages_begin_at_headings_and_not_in_code(pages: Path) -> None:
    found = [(one.heading, one.anchor) for one in library.passages(PAGES["how-to/clock"])]
    assert found == [
        ("", ""),
        ("Advance the clock", ""),
        ("Move it", "move-it"),
        ("advance", "advance"),
        ("Move it", "move-it-1"),
    ]


def test_headings_have_the_anchors_of_the_passages(pages: Path) -> None:
    rendered = render("how-to/clock", PAGES["how-to/clock"])
    assert rendered.contents == [(2, "move-it", "Move it"), (3, "advance", "advance"), (2, "move-it-1", "Move it")]
    assert '<h2 id="move-it-1">' in rendered.html


@pytest.mark.parametrize(
    ("page", "target", "leads"),
    [
        ("index", "how-to/clock.md#move-it", "/_mock/docs/how-to/clock#move-it"),
        ("how-to/clock", "../index.md", "/_mock/docs/"),
        ("how-to/clock", "tokens.md", "/_mock/docs/how-to/tokens"),
        ("how-to/clock", "#move-it", "#move-it"),
        ("how-to/clock", "../picture.png", "/_mock/docs/picture.png"),
    ],
)
def test_links_lead_to_served_pages(pages: Path, page: str, target: str, leads: str) -> None:
    assert library.resolve(page, target) == leads


def test_links_out_of_the_documentation_lead_into_the_repository(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"Changelog": "https://git.example.com/tpmock/blob/main/CHANGELOG.md"}
    monkeypatch.setattr(installation, "_project_urls", lambda: known)
    outside = "https://git.example.com/tpmock/blob/main/contracts/tpmock/kit/README.md#cases"
    assert library.resolve("how-to/clock", "../../../contracts/tpmock/kit/README.md#cases") == outside
    assert f'href="{outside}"' in render("index", "[a](../../contracts/tpmock/kit/README.md#cases)").html
    known.clear()
    html = render("index", "[the kit](../../contracts/tpmock/kit/README.md)").html
    assert ("href" in html, "the kit" in html) == (False, True)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a <b onclick=x>b</b>", "a &lt;b onclick=x&gt;b&lt;/b&gt;"),
        ("<!-- made: begin -->", ""),
        ("![x](https://elsewhere.example.com/x.png)", "<p>x</p>"),
        ("![a picture](picture.png)", '<img src="/_mock/docs/picture.png" alt="a picture" loading="lazy">'),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("| a |\n|---|\n| 1 |", '<div class="scroll" tabindex="0" role="region" aria-label="Table 1"><table>'),
    ],
)
def test_nothing_is_run_or_loaded_from_elsewhere(pages: Path, markdown: str, html: str) -> None:
    rendered = render("index", markdown).html
    assert html in rendered
    assert "<!--" not in rendered
    assert "<script" not in rendered


def test_code_is_shown_as_it_is_with_a_button_to_copy_it(pages: Path) -> None:
    html = render("index", "```python\nprint('<a>' & 1)\n```\n").html
    assert "<code>print(&#x27;&lt;a&gt;&#x27; &amp; 1)\n</code>" in html
    assert 'data-copy="code-1"' in html


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("clock", "how-to/clock"),  # its title outweighs three times in another text
        ("How do I advance the clock?", "how-to/clock"),
        ("expierd tokn", "how-to/tokens"),  # typos
        ("advan", "how-to/clock"),  # the beginning of a word
        ("tokens", "how-to/tokens"),  # another form of a word
        ("retries", "how-to/clock"),
        ("TPMOCK_URL", "reference"),
        ("401", "how-to/tokens"),
    ],
)
def test_the_right_page_is_found_first(index: search.Index, query: str, page: str) -> None:
    assert index.search(query)[0].page.name == page


def test_a_hit_leads_to_its_passage(index: search.Index) -> None:
    [hit] = index.search("retry")
    assert (hit.heading, hit.address) == ("advance", "/_mock/docs/how-to/clock#advance")
    assert hit.excerpt == f"A {search.MARK}retry{search.END} happens."


@pytest.mark.parametrize("query", ["", "?!", "zzzz", '"', "a" * 10_000])
def test_a_query_that_says_nothing_finds_nothing(index: search.Index, query: str) -> None:
    assert index.search(query) == []
