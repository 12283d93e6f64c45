"""Pages of a list, and the link to the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

Link = dict[str, str]

_T = TypeVar("_T")


def link(href: str, rel: str) -> Link:
    """Return a link in the reference's form."""
    return {"href": href, "method": "GET", "rel": rel}


def rows(found: Sequence[_T], page: int, per_page: int) -> Sequence[_T]:
    """Return one page of ``found``, counted from 1; pages beyond the last are empty."""
    start = (page - 1) * per_page
    return found[start : start + per_page]


def page(
    found: Sequence[_T], path: str, arguments: Mapping[str, Any], api_url: str, query: Mapping[str, str]
) -> tuple[Sequence[_T], list[Link]]:
    """Return one page of ``found``, and its links.

    :param path: the operation's own path, ids filled in
    :param arguments: of the call; ``page`` counts from 1, pages beyond the last are empty and have no link
    :param api_url: the base of links, without a slash at the end
    :param query: the query as sent, which the link repeats
    :returns: the rows, and the link ``next-page`` when more rows follow (BU-REV: absolute, with ``method`` and ``rel``)
    """
    page, per_page = arguments["page"], arguments["per_page"]
    shown = rows(found, page, per_page)
    if page * per_page >= len(found):
        return shown, []
    following = urlencode({**query, "page": page + 1, "perPage": per_page})
    return shown, [link(f"{api_url}{path}?{following}", "next-page")]
