"""The pages of the documentation, as their tests read them."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support import ROOT

DOCS: Final = ROOT / "mockserver" / "docs"
README: Final = ROOT / "README.md"
#: Records for contributors, which the index does not list.
INTERNAL: Final = ("architecture.md", "licenses.md", "decisions")

_FENCE: Final = re.compile(r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<body>.*?)^ *```$", re.DOTALL | re.MULTILINE)
#: ``sh``, ``sh stays``, ``sh exits 1``, ``sh needs php``, ``sh needs @npm/package``, ``sh not run: needs Docker``.
_INFO: Final = re.compile(
    r"(?P<language>\w+)(?: (?:(?P<stays>stays)|exits (?P<exits>\d)|needs (?P<needs>@?[\w/-]+)|not run: (?P<why>\S.+)))?"
)
_FILE: Final = re.compile(r"`([\w./-]+\.(?:py|m?js|html|php|rb|java|toml|ya?ml|json|liquid))`")
_HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\]\((?![a-z]+:)([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code.

    :param language: the first word behind the fence
    :param file: the name under which the words before the block have it saved, if they do
    :param stays: whether it starts a program that stays
    :param exits: the exit code
    :param needs: a program, or an npm package with a scope, that not every machine has
    :param why: the reason for which the tests do not run it
    :param line: where it stands
    """

    language: str
    body: str
    file: str
    stays: bool
    exits: int
    needs: str
    why: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page of Markdown.

    :param path: its place
    """

    path: Path
    text: str = field(repr=False)

    @property
    def name(self) -> str:
        """The path below the repository's root."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of code.

        :raises ValueError: when what stands behind a fence is not known
        """
        for found in _FENCE.finditer(self.text):
            line = self.text.count("\n", 0, found.start()) + 1
            info = _INFO.fullmatch(found["info"])
            if info is None:
                raise ValueError(f"{self.name}:{line}: a block says {found['info']!r}, which the tests do not know")
            before = self.text[: found.start()].rstrip("\n").rpartition("\n\n")[2]
            files = [] if info["language"] in ("sh", "text") else _FILE.findall(before)
            yield Block(
                language=info["language"],
                body=textwrap.dedent(found["body"]),
                file=files[-1] if files else "",
                stays=bool(info["stays"]),
                exits=int(info["exits"] or 0),
                needs=info["needs"] or "",
                why=info["why"] or "",
                line=line,
            )

    def links(self) -> list[str]:
        """Return the targets of links and pictures that lead into the repository."""
        return _LINK.findall(re.sub(r"`[^`\n]+`(?!\])", "", self.prose))

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, named as code hosts name them."""
        seen: Counter[str] = Counter()
        anchors = set()
        for heading in _HEADING.findall(self.prose):
            words = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading).lower()
            anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
            anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        return anchors


def page(path: Path) -> Page:
    return Page(path, path.read_text(encoding="utf-8"))


def index() -> dict[str, list[str]]:
    """Return the paths of the pages by section, in reading order."""
    sections: dict[str, list[str]] = yaml.safe_load((DOCS / "index.yaml").read_text(encoding="utf-8"))
    return sections


def listed() -> list[Page]:
    return [page(DOCS / path) for paths in index().values() for path in paths]


def documents() -> list[Page]:
    """Return every page that a reader may find: the documentation, and the files beside the folders."""
    return [*(page(path) for path in sorted(ROOT.glob("*.md"))), *listed(), page(DOCS / "architecture.md")]


def unlisted() -> Iterator[Path]:
    """Yield the files of the folder that the index should list and does not."""
    known: set[Any] = {each.path for each in listed()}
    for path in sorted(DOCS.rglob("*.md")):
        if path.relative_to(DOCS).parts[0] not in INTERNAL and path not in known:
            yield path
