"""Long lists, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import request, url_for

#: How many rows a page has.
SIZE: Final = 50
#: Pages are counted up to here; nothing that the mock keeps is longer.
_LAST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is shown.

    :ivar name: of the parameter in the address, where a page has several lists
    :ivar number: of this page, from 1
    :ivar total: how many rows there are in all, once that is known
    """

    name: str
    number: int
    total: int = 0

    @property
    def query(self) -> dict[str, int]:
        """What to ask the control API."""
        return {"limit": SIZE, "skip": (self.number - 1) * SIZE}

    def of(self, total: int) -> Paging:
        """The same, of so many."""
        return Paging(self.name, self.number, total)

    @property
    def first(self) -> int:
        """The place of the first row shown, from 1; the newest is the first."""
        return min((self.number - 1) * SIZE + 1, self.total)

    @property
    def last(self) -> int:
        """The place of the last row shown."""
        return min(self.number * SIZE, self.total)

    @property
    def newer(self) -> str | None:
        """Where the page before this one is."""
        return _address(self.name, self.number - 1) if self.number > 1 else None

    @property
    def older(self) -> str | None:
        """Where the page behind this one is."""
        return _address(self.name, self.number + 1) if self.number * SIZE < self.total else None


def paging(name: str = "page") -> Paging:
    """The page that is asked for; the first where that is no number."""
    asked = request.args.get(name, "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < len(str(_LAST)) else 1
    return Paging(name, max(1, number))


def _address(name: str, number: int) -> str:
    asked: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), name: number}
    return url_for(str(request.endpoint), **asked)
