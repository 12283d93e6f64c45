"""The locales Trustpilot speaks, in one place for everything that takes or lists one."""

from __future__ import annotations

from typing import Any, Final

from mockserver import hints, reference

#: What programs written against the real API list as supported (WILD); the official list is data of the real service.
#: Here as code, because invitations need no more than the names; what else is known of each is in ``locales.yaml``.
LOCALES: Final = (
    *("da-DK", "de-AT", "de-CH", "de-DE", "en-AU", "en-CA", "en-GB", "en-IE", "en-NZ", "en-US", "es-ES", "fi-FI"),
    *("fr-BE", "fr-FR", "it-IT", "ja-JP", "nb-NO", "nl-BE", "nl-NL", "pl-PL", "pt-BR", "pt-PT", "ru-RU", "sv-SE"),
    "zh-CN",
)
#: What is meant where a caller leaves it out.
DEFAULT_LOCALE: Final = "en-US"

Json = dict[str, Any]


def translated(words: Json, locale: str) -> str:
    """The word of a locale's language, else the English one.

    :param words: by language, with ``en`` at least
    """
    word: str = words.get(locale[:2]) or words["en"]
    return word


def advice(words: Json, locale: str | None) -> str | None:
    """What to say when there is no word in the language that was asked for."""
    return None if locale is None or locale[:2] in words else hints.not_translated(locale, words)


def known() -> list[Json]:
    """All that is known of each locale."""
    found: list[Json] = reference.read("locales")
    return found
