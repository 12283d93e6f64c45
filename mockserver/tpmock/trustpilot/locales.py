"""Texts in the language of a locale."""

from __future__ import annotations

from tpmock.core import hints
from tpmock.trustpilot.model import Json


def translated(words: Json, locale: str) -> str:
    """Return the text in a locale's language, else the English one.

    :param words: by language, with ``en`` at least
    """
    word: str = words.get(locale[:2]) or words["en"]
    return word


def advice(words: Json, locale: str | None) -> str | None:
    """Return a hint when the requested language has no text."""
    if locale is None or locale[:2] in words:
        return None
    return hints.NOT_TRANSLATED.format(locale=locale, languages=", ".join(words))
