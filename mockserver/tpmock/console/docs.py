"""The documentation with the console's layout, the same for all users: it needs no control token (decision 0305)."""

from __future__ import annotations

from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request, send_file
from markupsafe import Markup, escape
from tpmock.console.documentation import library, llms, search
from tpmock.console.documentation.library import Page
from werkzeug.wrappers import Response as AnyResponse

pages = Blueprint("docs", __name__)

#: Files of the documentation with their media types; browsers show any other file as text.
_PICTURES: Final = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".gif": "image/gif"}
_MARKDOWN: Final = ".md"


@pages.get("/")
def index() -> str:
    """Show the first page, or the search results for the words in the address."""
    return _found(words) if (words := request.args.get("q", "").strip()) else _shown(library.FIRST)


@pages.get("/search.json")
def search_json() -> dict[str, Any]:
    """Return the search results, for programs."""
    words = request.args.get("q", "").strip()
    return {"query": words, "hits": [search.as_json(hit) for hit in search.index().search(words)]}


@pages.get("/llms.txt")
def llms_txt() -> Response:
    """Return the table of contents for language models."""
    return _text(llms.contents(request.host_url.rstrip("/")))


@pages.get("/llms-full.txt")
def llms_full_txt() -> Response:
    """Return all pages as one text."""
    return _text(llms.everything(request.host_url.rstrip("/")))


@pages.get("/<path:path>")
def page(path: str) -> AnyResponse | str | tuple[str, int]:
    """Return a page, its Markdown text, or a file of the documentation."""
    if library.find(path) is not None:
        return _shown(path)
    if (file := library.file(path)) is None:
        return _found(" ".join(path.split("/")[-1:]), f"There is no page {path!r}."), HTTPStatus.NOT_FOUND
    kind = "text/markdown" if file.suffix == _MARKDOWN else _PICTURES.get(file.suffix, "text/plain")
    return send_file(file, kind)


def _shown(name: str) -> str:
    # Imported late: most consoles never serve documentation.
    from tpmock.console.documentation.rendering import render  # noqa: PLC0415

    found = library.find(name)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    rendered = render(name, library.source(name))
    listed = list(library.pages().values())
    place = listed.index(found) if found in listed else None
    return render_template(
        "docs.html",
        page=found,
        body=Markup(rendered.html),  # noqa: S704 - made from our own files, their HTML escaped
        contents=rendered.contents,
        previous=listed[place - 1] if place else None,
        following=listed[place + 1] if place is not None and place + 1 < len(listed) else None,
        **_around(found, ""),
    )


def _found(words: str, problem: str = "") -> str:
    hits = [{"hit": hit, "excerpt": _marked(hit.excerpt)} for hit in search.index().search(words)]
    return render_template("docs-search.html", hits=hits, problem=problem, **_around(None, words))


def _around(current: Page | None, words: str) -> dict[str, Any]:
    sections = groupby(library.pages().values(), key=lambda one: one.section)
    return {"sections": [(title, list(members)) for title, members in sections], "current": current, "words": words}


def _marked(excerpt: str) -> Markup:
    """Return text as HTML with the search hits marked."""
    text = str(escape(excerpt)).replace(search.MARK, "<mark>").replace(search.END, "</mark>")
    return Markup(text)  # noqa: S704 - escaped above


def _text(text: str) -> Response:
    return Response(text, mimetype="text/plain")
