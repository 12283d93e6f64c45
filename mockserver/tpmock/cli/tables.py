"""Tables of commands: full width for programs, wrapped to the width of a terminal (decision 0082)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import Any, Final

import click
from tpmock.common import terminal

Row = dict[str, Any]

_GAP: Final = "  "
#: Minimum width of a column, even in a narrow terminal.
_NARROWEST: Final = 8


@dataclass(frozen=True, slots=True)
class Colored:
    """A cell with a color on a terminal.

    :param color: one of :mod:`tpmock.common.terminal`
    """

    text: object
    color: str

    def __str__(self) -> str:
        return str(self.text)


def table(collection: str, columns: Mapping[str, str | Callable[[Row], object]]) -> Callable[[Row], None]:
    """Return a function that prints the rows of a collection.

    :param columns: by heading, a field of a row or a function that returns the cell of a row
    """

    def show(listed: Row) -> None:
        cells = [
            [column(row) if callable(column) else row[column] for column in columns.values()]
            for row in listed[collection]
        ]
        show_table(list(columns), cells)

    return show


def show_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns, an empty cell for None.

    :param head: the headings; empty for rows only
    """
    colored = terminal.wants_color(sys.stdout)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    cells = [*([[Colored(name, terminal.BOLD) for name in head]] if head else []), *rows]
    for line in lines(cells, width, colored=colored):
        click.echo(line, color=colored)


def lines(rows: Sequence[Sequence[object]], width: int | None, *, colored: bool = False) -> Iterator[str]:
    """Yield the lines of a table.

    :param width: characters of a line; None for no wrapping
    """
    texts = [["" if cell is None else terminal.printable(str(cell).replace("\n", " ")) for cell in row] for row in rows]
    widths = _fitted([max(map(len, column)) for column in zip(*texts, strict=True)], width)
    for row, cells in zip(rows, texts, strict=True):
        colors = [cell.color if colored and isinstance(cell, Colored) else None for cell in row]
        wrapped = [
            wrap(text, size, break_on_hyphens=False) if len(text) > size else [text]
            for text, size in zip(cells, widths, strict=True)
        ]
        for parts in zip_longest(*wrapped, fillvalue=""):
            padded = (part.ljust(size) for part, size in zip(parts, widths, strict=True))
            yield _GAP.join(map(terminal.painted, padded, colors)).rstrip()


def _fitted(widths: list[int], most: int | None) -> list[int]:
    """Shrink the widest columns until a line fits."""
    widths = [max(width, 1) for width in widths]
    if most is None:
        return widths
    room = most - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] = max(_NARROWEST, widths[widest] - max(1, (sum(widths) - room) // len(widths)))
    return widths
