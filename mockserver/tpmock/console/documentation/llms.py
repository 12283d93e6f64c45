"""The documentation for language models: a table of contents in the form of llmstxt.org, and everything in one text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tpmock.console.documentation import library


def contents(base: str) -> str:
    """Return ``llms.txt``: each page as a link to its Markdown text, with its purpose.

    :param base: address of the mock, such as ``http://127.0.0.1:8080``
    """
    return "\n".join(_contents(base)) + "\n"


def everything(base: str) -> str:
    """Return ``llms-full.txt``: the text of every page, in reading order.

    :param base: address of the mock
    """
    return "\n".join(
        f"<!-- {base}{_markdown(page.name)} -->\n\n{library.source(page.name)}" for page in library.pages().values()
    )


def _contents(base: str) -> Iterator[str]:
    pages = library.pages()
    yield f"# {pages[library.FIRST].title}"
    yield ""
    yield f"> {pages[library.FIRST].purpose}"
    for section, members in groupby(pages.values(), key=lambda page: page.section):
        yield f"\n## {section}\n"
        yield from (f"- [{page.title}]({base}{_markdown(page.name)}): {page.purpose}" for page in members)


def _markdown(name: str) -> str:
    return f"{library.ROOT}{name}.md"
