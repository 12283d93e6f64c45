"""The documentation as it is served: for everybody, with links that lead somewhere, and found by its search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote, urlsplit

import pytest
from tpmock.common import schemas
from tpmock.console.app import HEADERS
from tpmock.console.documentation import library
from tpmock.server.app import MockApp, MockSettings
from werkzeug.test import Client

from tests.mock.console.conftest import DEFAULT, HOST, Visitor

NAMES = list(library.pages())
#: Not in the table of contents, and pages link to them.
OTHERS = ["architecture", "licenses", "decisions/0001-lean-dispatch"]


@pytest.fixture(scope="module")
def reader() -> Iterator[Visitor]:
    """A person without the control token that this mock wants."""
    with MockApp(MockSettings(control_token="not known to readers")) as mock:
        yield Visitor(mock)


def shown(reader: Visitor, name: str) -> str:
    return reader.see(library.address(name))


@pytest.mark.parametrize("name", [*NAMES, *OTHERS])
def test_a_page_is_served_under_the_policy_of_the_console(reader: Visitor, name: str) -> None:
    answer = reader.get(library.address(name))
    page = library.find(name)
    assert page is not None
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert answer.text.count("<h1") == 1
    assert f"<title>{page.title} · tpmock</title>" in unescape(answer.text)
    assert not re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=\"| style=", answer.text)
    assert not re.findall(r'src="(?:https?:)?//', answer.text)
    assert "&lt;!--" not in answer.text


def test_every_link_of_every_page_leads_somewhere(reader: Visitor) -> None:
    texts: dict[str, str] = {}
    for name in [*NAMES, *OTHERS]:
        here = library.address(name)
        texts[here] = shown(reader, name)
        for href in map(unescape, re.findall(r'(?:href|src)="([^"]+)"', texts[here])):
            parts = urlsplit(href)
            if parts.scheme or parts.path.startswith("/_mock/console/"):
                continue
            target = unquote(parts.path) or here
            if target not in texts:
                answer = reader.get(target)
                assert answer.status_code == 200, f"{here}: {href}"
                texts[target] = answer.text if answer.mimetype == "text/html" else ""
            assert not parts.fragment or f'id="{parts.fragment}"' in texts[target], f"{here}: {href}"


def test_pages_lead_through_the_documentation_in_order(reader: Visitor) -> None:
    visited, address = [], library.ROOT
    while address:
        visited.append(address)
        following = re.search(r'rel="next" href="([^"]+)"', reader.see(address))
        address = following[1] if following else ""
    assert visited == [page.address for page in library.pages().values()]


def test_the_console_leads_to_the_documentation_and_back(visitor: Visitor) -> None:
    assert f'<a href="{library.ROOT}"' in visitor.see("/orders/")
    assert f'href="{DEFAULT}/orders/"' in visitor.see(library.ROOT)


def test_a_page_is_served_as_markdown_too(reader: Visitor) -> None:
    answer = reader.get("/_mock/docs/get-started.md")
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.text == library.source("get-started")


def test_files_beside_the_pages_are_served_and_none_from_elsewhere(reader: Visitor) -> None:
    picture = reader.get("/_mock/docs/pictures/report.png")
    assert (picture.status_code, picture.content_type) == (200, "image/png")
    for path in ("../../README.md", "..%2f..%2fREADME.md", "/etc/passwd", "how-to", "%00", "x" * 5000):
        assert reader.get(f"/_mock/docs/{path}").status_code == 404, path


def test_a_wrong_address_offers_pages(reader: Visitor) -> None:
    answer = reader.get("/_mock/docs/how-to/expired-tokens")
    assert answer.status_code == 404
    assert 'href="/_mock/docs/how-to/expired-token"' in answer.text


def test_what_is_looked_for_is_found_and_marked(reader: Visitor) -> None:
    page = reader.see("/_mock/docs/?q=expired+token")
    first = re.search(r'<li class="card">\s*<h2><a href="([^"#]+)', page)
    assert first is not None
    assert first[1] == "/_mock/docs/how-to/expired-token"
    assert "<mark>" in page


def test_what_is_looked_for_stays_text(reader: Visitor) -> None:
    page = reader.see("/_mock/docs/?q=<script>alert(1)</script>%02")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    "words", ["zzzzqqqq", "%22", "AND OR NOT", "a*b^c:d", "(", "%00", "title:x NEAR(y)", "🙂", "'; --"]
)
def test_any_words_may_be_looked_for(reader: Visitor, words: str) -> None:
    assert reader.get(f"/_mock/docs/?q={words}").status_code == 200
    assert isinstance(reader.get(f"/_mock/docs/search.json?q={words}").json["hits"], list)  # type: ignore[index]


def test_programs_search_too(reader: Visitor) -> None:
    found = reader.get("/_mock/docs/search.json?q=expired token").json
    assert found is not None
    [first, *_] = found["hits"]
    assert (first["page"], first["title"]) == ("how-to/expired-token", library.pages()["how-to/expired-token"].title)
    assert reader.get(first["address"]).status_code == 200
    assert "\x02" not in first["excerpt"]
    assert reader.get("/_mock/docs/search.json").json == {"query": "", "hits": []}


@pytest.mark.parametrize("path", ["/_mock/llms.txt", "/_mock/docs/llms.txt"])
def test_language_models_get_every_page_with_what_it_is_for(reader: Visitor, path: str) -> None:
    text = reader.see(path)
    links = re.findall(r"^- \[(.+)]\(http://localhost:8080(\S+)\): (.+)$", text, flags=re.MULTILINE)
    assert [(title, purpose) for title, _, purpose in links] == [
        (page.title, page.purpose) for page in library.pages().values()
    ]
    assert text.startswith(f"# {library.pages()['index'].title}\n\n> ")
    for _, address, _ in links:
        assert reader.get(address).content_type.startswith("text/markdown")


def test_language_models_get_everything_at_once(reader: Visitor) -> None:
    text = reader.see("/_mock/docs/llms-full.txt")
    assert all(library.source(name) in text for name in NAMES)


@pytest.mark.parametrize("name", schemas.names())
def test_a_schema_is_served_to_editors_everywhere(reader: Visitor, name: str) -> None:
    answer = reader.get(f"{schemas.ROOT}{name}.json")
    assert answer.content_type == "application/schema+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json["title"]  # type: ignore[index]


def test_an_unknown_schema_is_reported(reader: Visitor) -> None:
    answer = reader.get(f"{schemas.ROOT}wrold.json")
    assert answer.status_code == 404
    assert "Did you mean &#39;world&#39;?" in answer.text
    assert reader.get(f"{schemas.ROOT}openapi-words.json").status_code == 404


def test_nothing_of_a_sandbox_is_in_the_documentation() -> None:
    with MockApp(MockSettings(control_token="a-token")) as mock:
        answer = Client(mock).get(library.ROOT, headers={"Host": HOST})
        assert answer.status_code == 200
        assert 'id="clock"' not in answer.text
