"""Tables in Markdown, and texts that hold generated parts between two comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Parts = Mapping[str, Callable[[], str]]


def table(*head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def with_parts(text: str, parts: Parts, around: str = "\n") -> str:
    """Return a text with every generated part made anew.

    :param around: what stands around a part; nothing for words within a line
    :raises ValueError: if a part has no place in the text, or several
    """
    for name, make in parts.items():
        begin, end = f"<!-- {name}: begin -->{around}", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the text needs one place for the part {name!r}")
        before, rest = text.split(begin)
        after = rest.partition(end)[2]
        text = f"{before}{begin}{make()}{around}{end}{after}"
    return text
