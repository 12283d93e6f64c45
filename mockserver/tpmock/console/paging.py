"""Pagination of long lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from flask import request, url_for
from tpmock.console.views import Row, control

#: Rows per page.
SIZE: Final = 50
#: Maximum page number; no list of the mock is longer.
_LAST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Paging:
    """The visible part of a list.

    :ivar name: query parameter, which distinguishes several lists on a page
    :ivar number: of this page, from 1
    :ivar total: total number of rows
    """

    name: str
    number: int
    total: int = 0

    @property
    def query(self) -> dict[str, int]:
        """Return the query of the control API."""
        return {"limit": SIZE, "skip": (self.number - 1) * SIZE}

    @property
    def first(self) -> int:
        """Return the index of the first row shown, from 1; the newest is 1."""
        return min((self.number - 1) * SIZE + 1, self.total)

    @property
    def last(self) -> int:
        """Return the index of the last row shown."""
        return min(self.number * SIZE, self.total)

    @property
    def newer(self) -> str | None:
        """Return the address of the previous page."""
        return self._address(self.number - 1) if self.number > 1 else None

    @property
    def older(self) -> str | None:
        """Return the address of the next page."""
        return self._address(self.number + 1) if self.number * SIZE < self.total else None

    def _address(self, number: int) -> str:
        asked: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), self.name: number}
        return url_for(str(request.endpoint), **asked)


def requested_page(name: str = "page") -> Paging:
    """Return the page number of the address; 1 if it is not a number."""
    asked = request.args.get(name, "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < len(str(_LAST)) else 1
    return Paging(name, max(1, number))


def page_of(collection: str, parameter: str = "page", /, **filters: object) -> tuple[list[Row], Paging]:
    """The requested page of a collection of the sandbox, the newest row first.

    :param parameter: query parameter with the page number
    """
    page = requested_page(parameter)
    found = control("GET", f"/{collection}", **filters, **page.query)
    return found[collection][::-1], replace(page, total=found["total"])
