"""The message of a library's exception, as part of an error message of ours."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 400


def one_line(problem: object) -> str:
    """Return the message in one line: parsers show the place in several, and validators the whole value."""
    text = " ".join(str(problem).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
