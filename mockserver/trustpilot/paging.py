"""Pages of a list, and the link to the one that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

Link = dict[str, str]

_T = TypeVar("_T")


def page(
    found: Sequence[_T], page: int, per_page: int, path: str, api_url: str, query: Mapping[str, str]
) -> tuple[Sequence[_T], list[Link]]:
    """One page of ``found``, and its links.

    :param page: counted from 1; beyond the last page there is nothing, and no link
    :param path: the operation's own path, ids filled in
    :param api_url: where links lead, without a slash at the end
    :param query: the query as it came, which the link repeats
    :returns: the rows, and the link ``next-page`` when more rows follow (BU-REV: absolute, with ``method`` and ``rel``)
    """
    start = (page - 1) * per_page
    rows = found[start : start + per_page]
    if start + per_page >= len(found):
        return rows, []
    following = urlencode({**query, "page": page + 1, "perPage": per_page})
    return rows, [{"href": f"{api_url}{path}?{following}", "method": "GET", "rel": "next-page"}]
