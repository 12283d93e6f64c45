"""Pages of the documentation in reading order, and the files that belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import join, normpath
from typing import Final

from tpmock.common import compiled, installation, package_data
from tpmock.core import help_pages

#: Path of the documentation on a mock.
ROOT: Final = help_pages.ROOT
#: The first page, served at :data:`ROOT` itself.
FIRST: Final = "index"
_SUFFIX: Final = ".md"
_IN_REPOSITORY: Final = "mockserver/docs"

_MARKUP: Final = re.compile(r"!?\[([^]]*)]\([^)]*\)|[`*]|\\(?=[^\w\s])")
_NOT_IN_ANCHORS: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, without its text.

    :ivar name: its path below the folder of the documentation, without ``.md``
    :ivar section: its part of the documentation
    :ivar title: its first heading
    :ivar purpose: the sentence below the heading, which says what the page is for
    """

    name: str
    section: str
    title: str
    purpose: str

    @property
    def address(self) -> str:
        """Path of the page on a mock."""
        return address(self.name)


@cache
def folder() -> Path:
    """Return the folder of the documentation."""
    return package_data.folder("docs")


@cache
def pages() -> Mapping[str, Page]:
    """Return the pages of the table of contents by name, in reading order."""
    sections: dict[str, list[str]] = compiled.content(folder() / "index.yaml")
    listed = (_page(section, path) for section, paths in sections.items() for path in paths)
    return {page.name: page for page in listed}


def find(name: str) -> Page | None:
    """Return a page; one that is not in the table of contents, such as a decision record, has no section."""
    listed = pages().get(name)
    if listed is None and (path := file(f"{name}{_SUFFIX}")) is not None:
        return _page("", path.relative_to(folder()).as_posix())
    return listed


def source(name: str) -> str:
    """Return the Markdown text of an existing page."""
    return (folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def file(path: str) -> Path | None:
    """Return a file of the documentation, or None.

    :param path: below the folder, as in a URL; it is looked up, and never joined to the folder
    """
    return _files(folder()).get(path)


@cache
def _files(root: Path) -> Mapping[str, Path]:
    return {found.relative_to(root).as_posix(): found for found in root.rglob("*") if found.is_file()}


def address(name: str) -> str:
    """Return the path of a page on a mock."""
    return ROOT if name == FIRST else f"{ROOT}{name}"


def resolve(page: str, target: str) -> str | None:
    """Return the target of a page's relative link or picture: on a mock, or in the repository.

    :param page: name of the page with the link
    :param target: as written in the Markdown text
    :returns: None for a file of the repository when its address is unknown
    """
    path, hash_, anchor = target.partition("#")
    if not path:
        return target
    place = normpath(join(str(PurePosixPath(page).parent), path))
    if file(place) is None:
        outside = installation.repository_page(normpath(join(_IN_REPOSITORY, place)))
        return None if outside is None else f"{outside}{hash_}{anchor}"
    where = address(place.removesuffix(_SUFFIX)) if place.endswith(_SUFFIX) else f"{ROOT}{place}"
    return f"{where}{hash_}{anchor}"


def plain(text: str) -> str:
    """Return a line of Markdown without its markup."""
    return _MARKUP.sub(r"\1", text)


class Anchors:
    """Names the headings of one page as code hosts do, so that links with ``#`` work there and here."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def of(self, heading: str) -> str:
        """Return the anchor of the next heading.

        :param heading: its text without markup
        """
        name = _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")
        count = self._taken.get(name, 0)
        self._taken[name] = count + 1
        return f"{name}-{count}" if count else name


@dataclass(frozen=True, slots=True)
class Passage:
    """The text below one heading, as lines of Markdown.

    :ivar anchor: of the heading, an empty string for the beginning of the page
    """

    heading: str
    anchor: str
    text: str


def passages(text: str) -> Iterator[Passage]:
    """Split a page at its headings."""
    names = Anchors()
    heading, anchor, lines, fence = "", "", list[str](), ""
    for line in text.splitlines():
        mark = re.match(r" *(```+|~~~+)", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        title = None if fence else re.match(r"(#{1,6}) +(.+?) *#*$", line)
        if title is None:
            lines.append(line)
            continue
        yield Passage(heading, anchor, "\n".join(lines))
        heading, lines = plain(title[2]), []
        # A link to the page is shorter than one to its title.
        name = names.of(heading)
        anchor = "" if len(title[1]) == 1 else name
    yield Passage(heading, anchor, "\n".join(lines))


def _page(section: str, path: str) -> Page:
    """Read the first lines of a page."""
    with (folder() / path).open(encoding="utf-8") as lines:
        head = [line.strip() for line, _ in zip(lines, range(20), strict=False)]
    title = next((line[2:] for line in head if line.startswith("# ")), path)
    below = (line for line in head if line and not line.startswith(("#", "<", "```", "|", "-")))
    return Page(path.removesuffix(_SUFFIX), section, plain(title), plain(next(below, "")))
