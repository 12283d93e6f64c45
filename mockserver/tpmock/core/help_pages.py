"""Pages of the documentation that explain hints and messages of commands.

``fixtures/texts/troubleshooting.yaml`` names them. A message without a page of its own is explained on the page of all
messages, below the heading of its section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from string import Formatter
from typing import Any, Final

from tpmock.common import compiled, package_data
from tpmock.core import hints
from tpmock.core.bounded import remembered

#: Path of the documentation on a mock.
ROOT: Final = "/_mock/docs/"
_MESSAGES: Final = "troubleshooting"
_VARIANTS: Final = "reference/variants"


@remembered(1_024)
def of_hint(hint: str) -> str | None:
    """Return the name of the page that explains a hint, with an anchor if the page has several subjects, or None.

    A hint is found by its longest text between placeholders, which takes a few microseconds.
    """
    for part, page in _parts_of_hints():
        if part in hint:
            return page
    return _VARIANTS if "(variant " in hint else None


def of_message(message: str) -> str | None:
    """Return the name of the page that explains a message of a command, without an anchor, or None.

    :param message: the whole message, on one or several lines
    """
    words = " ".join(message.split())
    found = (page for entry, page in entries() if "message" in entry and pattern(entry["message"]).search(words))
    return next((page.partition("#")[0] for page in found), None)


def pattern(message: str) -> re.Pattern[str]:
    """Return a pattern that finds a message in an output, with any values in its places.

    :param message: the text with placeholders in braces
    """
    parts = Formatter().parse(message)
    return re.compile("".join(re.escape(before) + (".+" if name else "") for before, name, _, _ in parts), re.DOTALL)


def entries() -> Iterator[tuple[dict[str, str], str]]:
    """Yield each entry of the file with the name of its page."""
    sections: dict[str, list[dict[str, Any]]] = compiled.content(package_data.path("texts", f"{_MESSAGES}.yaml"))
    for title, listed in sections.items():
        anchor = title.lower().replace(",", "").replace(" ", "-")
        for entry in listed:
            yield entry, entry.get("page", f"{_MESSAGES}#{anchor}")


@cache
def _parts_of_hints() -> tuple[tuple[str, str], ...]:
    texts = hints.texts()
    listed = ((texts[entry["hint"]], page) for entry, page in entries() if "hint" in entry)
    return tuple((_longest(text), page) for text, page in listed)


def _longest(hint: str) -> str:
    return max((before for before, _, _, _ in Formatter().parse(hint)), key=len)
