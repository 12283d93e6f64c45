"""The locales Trustpilot speaks, in one place for everything that takes or lists one."""

from __future__ import annotations

from typing import Final

#: What programs written against the real API list as supported (WILD); the official list is data of the real service.
LOCALES: Final = (
    *("da-DK", "de-AT", "de-CH", "de-DE", "en-AU", "en-CA", "en-GB", "en-IE", "en-NZ", "en-US", "es-ES", "fi-FI"),
    *("fr-BE", "fr-FR", "it-IT", "ja-JP", "nb-NO", "nl-BE", "nl-NL", "pl-PL", "pt-BR", "pt-PT", "ru-RU", "sv-SE"),
    "zh-CN",
)
#: What is meant where a caller leaves it out.
DEFAULT_LOCALE: Final = "en-US"
