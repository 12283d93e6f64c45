"""The locales that Trustpilot knows: the one list, for everything that takes or lists one."""

from __future__ import annotations

from typing import Final

#: What programs written against the real API list as supported; the official list is data of the real service. Here as
#: code, because most need no more than the names; what else is known of each is in ``reference/locales.yaml``.
LOCALES: Final = (
    *("da-DK", "de-AT", "de-CH", "de-DE", "en-AU", "en-CA", "en-GB", "en-IE", "en-NZ", "en-US", "es-ES", "fi-FI"),
    *("fr-BE", "fr-FR", "it-IT", "ja-JP", "nb-NO", "nl-BE", "nl-NL", "pl-PL", "pt-BR", "pt-PT", "ru-RU", "sv-SE"),
    "zh-CN",
)
#: What is meant where a caller leaves it out.
DEFAULT_LOCALE: Final = "en-US"


def known_locale(text: str) -> str | None:
    """Return the locale that a text means, in any letter case and with either separator; None for an unknown one.

    A language alone means its main locale: ``en`` is en-US, ``de`` is de-DE.
    """
    language, _, region = text.replace("_", "-").partition("-")
    same = of_language(language)
    if region:
        return next((one for one in same if one.lower() == f"{language}-{region}".lower()), None)
    main = (DEFAULT_LOCALE, f"{language.lower()}-{language.upper()}")
    return next((one for one in same if one in main), same[0] if len(same) == 1 else None)


def of_language(language: str) -> list[str]:
    """Return the locales of a language."""
    return [one for one in LOCALES if one.partition("-")[0] == language.lower()]
