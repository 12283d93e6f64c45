"""Full-text search over the documentation, with SQLite's own index in memory."""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Final

from tpmock.common import compiled, package_data
from tpmock.console.documentation import library
from tpmock.console.documentation.library import Page

#: Maximum length of a query, and maximum number of its words.
MOST_CHARACTERS: Final = 200
MOST_WORDS: Final = 16
#: Maximum number of results.
MOST_HITS: Final = 20

#: A word; names such as TPMOCK_URL are one.
_WORD: Final = re.compile(r"\w+")
#: Comments, and borders of tables and code.
_NO_WORDS: Final = re.compile(r"<!--.*?-->|^[-:| ]+$|^ *(?:```|~~~).*$|[|]", flags=re.DOTALL | re.MULTILINE)
#: Weight of a word in a page's title, its purpose, a heading, and the text below the heading.
_WEIGHTS: Final = (12.0, 6.0, 5.0, 1.0)
#: Weight of a page's second and third best passage, added to the best one.
_MORE: Final = (1.0, 0.25, 0.1)
#: Minimum similarity of a known word to an unknown one, from 0 to 1; and maximum number of replacements.
_SIMILAR: Final = 0.75
_MOST_SIMILAR: Final = 3
#: Marks of hits in an excerpt; its text cannot contain them.
MARK: Final = "\x02"
END: Final = "\x03"

_TABLE: Final = (
    "CREATE VIRTUAL TABLE passages USING fts5"
    "(title, purpose, heading, text, page UNINDEXED, anchor UNINDEXED, tokenize=\"porter unicode61 tokenchars '_'\")"
)
_QUERY: Final = (
    "SELECT page, anchor, heading, snippet(passages, 3, char(2), char(3), ' … ', 28), "
    "-bm25(passages, ?, ?, ?, ?) AS score "
    "FROM passages WHERE passages MATCH ? ORDER BY score DESC"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result.

    :ivar heading: of the best matching passage
    :ivar address: path of that passage on a mock
    :ivar excerpt: of its text, with hits between :data:`MARK` and :data:`END`
    """

    page: Page
    heading: str
    address: str
    excerpt: str


class Index:
    """An index of pages. Thread-safe for searches."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = {page.name: page for page in pages}
        self._lock = threading.Lock()
        self._words: set[str] = set()
        settings = compiled.content(package_data.path("texts", "search.yaml"))
        self._ignored = frozenset(settings["ignored"])
        self._synonyms: dict[str, str] = settings["synonyms"]
        self._sections: dict[str, float] = settings["sections"]
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        # From Python 3.13 a connection that is not closed is a ResourceWarning.
        weakref.finalize(self, self._database.close)
        self._database.execute(_TABLE)
        for page in self._pages.values():
            self._database.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", self._rows(page))

    def _rows(self, page: Page) -> Iterator[tuple[str, ...]]:
        for passage in library.passages(library.source(page.name)):
            text = library.plain(_NO_WORDS.sub(" ", passage.text))
            if not passage.heading and not text.strip():
                continue
            # The title and the purpose of a page count once: with its beginning.
            head = (page.title, page.purpose) if not passage.anchor else (page.title, "")
            row = (*head, passage.heading, text)
            self._words.update(word for part in row for word in _words(part))
            yield *row, page.name, passage.anchor

    def search(self, query: str) -> list[Hit]:
        """Return the matching pages, the best first; a page whose title is the query comes before all others.

        :param query: words, or a question
        """
        wanted = self._expression(query)
        if not wanted:
            return []
        with self._lock:
            found = self._database.execute(_QUERY, (*_WEIGHTS, wanted)).fetchall()
        best: dict[str, Hit] = {}
        scores: dict[str, list[float]] = {}
        for name, anchor, heading, excerpt, score in found:
            page = self._pages[name]
            scores.setdefault(name, []).append(score)
            if name not in best:
                address = f"{page.address}#{anchor}" if anchor else page.address
                best[name] = Hit(page, heading or page.title, address, " ".join(excerpt.split()))
        asked = list(_words(query))
        rank = {
            name: (list(_words(self._pages[name].title)) == asked, self._total(name, passages))
            for name, passages in scores.items()
        }
        return [best[name] for name in sorted(best, key=rank.__getitem__, reverse=True)[:MOST_HITS]]

    def _total(self, name: str, scores: list[float]) -> float:
        weight = self._sections.get(self._pages[name].section, 1.0)
        return weight * sum(share * score for share, score in zip(_MORE, scores, strict=False))

    def _expression(self, query: str) -> str:
        """Return a query in the index's syntax: any of the words, or similar known words."""
        words = list(islice(_words(query[:MOST_CHARACTERS]), MOST_WORDS))
        telling = [word for word in words if word not in self._ignored] or words
        meant = [one for word in dict.fromkeys(telling) for one in self._meant(word)]
        # A pasted message matches its own words, which are the heading of its explanation.
        phrases = [" ".join(three) for three in zip(words, words[1:], words[2:], strict=False)]
        return " OR ".join([*(f'"{one}"' for one in meant), *(f'heading : "{one}"' for one in phrases)])

    def _meant(self, word: str) -> list[str]:
        synonyms = self._synonyms.get(word, "").split()
        if word in self._words or synonyms:
            return [word, *synonyms]
        begun = sorted(known for known in self._words if known.startswith(word))[:_MOST_SIMILAR]
        # The word itself may be another form of a known word.
        return [word, *(begun or get_close_matches(word, self._words, _MOST_SIMILAR, _SIMILAR))]


@cache
def index() -> Index:
    """Return the index of the documentation, built by the first search."""
    return Index(library.pages().values())


def _words(text: str) -> Iterator[str]:
    return (word.lower() for word in _WORD.findall(text))


def as_json(hit: Hit) -> dict[str, str]:
    """Return a hit for programs, its excerpt without marks."""
    return {
        "page": hit.page.name,
        "title": hit.page.title,
        "section": hit.page.section,
        "purpose": hit.page.purpose,
        "heading": hit.heading,
        "address": hit.address,
        "excerpt": hit.excerpt.replace(MARK, "").replace(END, ""),
    }
