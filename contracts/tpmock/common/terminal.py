"""Terminal output: whether the terminal takes colors, and text without control sequences."""

from __future__ import annotations

import os
from typing import Final, TextIO

RED: Final = "31"
GREEN: Final = "32"
YELLOW: Final = "33"
MAGENTA: Final = "35"
BOLD: Final = "1"
FAINT: Final = "2"

_REDIRECTED: Final = 300
_FAILED: Final = 500


def wants_color(out: TextIO) -> bool:
    """Return whether a stream takes colors: it is a terminal, unless the user decides otherwise.

    ``NO_COLOR`` switches them off (no-color.org), ``FORCE_COLOR`` on (force-color.org).
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (out.isatty() and os.environ.get("TERM") != "dumb")


def painted(text: str, color: str | None) -> str:
    """Return the text in a color, one of the constants of this module."""
    return f"\x1b[{color}m{text}\x1b[0m" if color else text


def of_status(status: int | None) -> str:
    """Return the color of an HTTP status; None for no answer."""
    if status is None or status >= _FAILED:
        return RED
    return GREEN if status < _REDIRECTED else YELLOW


def printable(text: str) -> str:
    """Return text from outside without control sequences."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
