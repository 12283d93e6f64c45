"""What the destination is told by its environment, checked before anything starts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_LONGEST_TIMEOUT = 60.0


class SettingsError(Exception):
    """The environment cannot be used; ``sentences`` says why, one sentence per wrong or missing value."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the destination is configured with. Secrets stay out of ``repr``.

    :param integration_key: what the customer pastes into Segment as "API Key".
    :param api_url: where tokens are requested, without a path.
    :param invitations_api_url: where invitations are requested, without a path.
    :param business_user_id: on whose behalf a client-credentials token acts (Trustpilot, invitation API:
        ``x-business-user-id``).
    :param partner_header: Trustpilot asks partners to send their id as a header but does not name the header, hence
        a setting.
    :param timeout: seconds to wait for a connection and, again, between two parts of an answer.
    :param ledger_url: SQLAlchemy URL of the database that remembers which orders were invited.
    """

    integration_key: str = field(repr=False)
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    business_unit_id: str
    business_user_id: str
    api_url: str = "https://api.trustpilot.com"
    invitations_api_url: str = "https://invitations-api.trustpilot.com"
    template_id: str | None = None
    locale: str = "en-US"
    partner_id: str | None = None
    partner_header: str = "X-Trustpilot-Partner-Id"
    timeout: float = 8.0
    # May carry a database password.
    ledger_url: str = field(default="sqlite:///tpmock-destination.db", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        :param environment: variable names and values, usually ``os.environ``; an empty value counts as missing.
        :raises SettingsError: with every problem found, not only the first.
        """
        values: dict[str, Any] = {}
        sentences = []
        required = {each.name for each in fields(cls) if each.default is MISSING}
        for variable, (name, parse) in _VARIABLES.items():
            text = environment.get(variable, "").strip()
            try:
                if text:
                    values[name] = parse(text)
                elif name in required:
                    sentences.append(f"{variable} is missing.")
            except ValueError as problem:
                sentences.append(f"{variable} {problem}.")
        if sentences:
            raise SettingsError(sentences)
        return cls(**values)

    @classmethod
    def described(cls) -> Iterator[tuple[str, str]]:
        """Every variable with its default, or with the word that it is required."""
        defaults = {each.name: each.default for each in fields(cls)}
        for variable, (name, _) in _VARIABLES.items():
            default = defaults[name]
            yield (
                variable,
                "required" if default is MISSING else "optional" if default is None else f"default {default}",
            )


# Each parser raises ValueError with the rest of a sentence that begins with the variable's name. None of them
# repeats the value: it may be a secret that was pasted into the wrong variable.


def _printable(text: str) -> str:
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("must be printable ASCII without spaces, because it travels in an HTTP header")
    return text


def _api_key(text: str) -> str:
    if ":" in text:
        raise ValueError("must not contain a colon, because HTTP Basic separates key and secret by one")
    return _printable(text)


def _integration_key(text: str) -> str:
    if ":" in text:
        raise ValueError("must not contain a colon, because Segment sends it as an HTTP Basic user name")
    return _printable(text)


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("must be an id of letters, digits, hyphens and underscores")
    return text


def _locale(text: str) -> str:
    if not _LOCALE.fullmatch(text):
        raise ValueError("must be a locale such as en-US")
    return text


def _header_name(text: str) -> str:
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("must be a valid HTTP header name")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise ValueError(f"must be a number of seconds above 0 and at most {_LONGEST_TIMEOUT:g}")
    return seconds


def _base_url(text: str) -> str:
    sentence = "must be an http or https address without user, query or fragment, such as https://api.trustpilot.com"
    try:
        parts = urlsplit(text)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(sentence) from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password) and port_is_sound
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain or " " in text:
        raise ValueError(sentence)
    return text.rstrip("/")


def _ledger_url(text: str) -> str:
    """The SQLAlchemy URL meant by ``text``, which may also be the plain path of a SQLite file.

    :raises ValueError: for a database in memory, which would forget all orders at every start.
    """
    url = text if "://" in text else f"sqlite:///{text}"
    path = url.partition("://")[2]
    if url.startswith("sqlite") and (path in {"", "/"} or ":memory:" in path or "mode=memory" in path):
        raise ValueError("must name a file or a server, because a ledger in memory forgets who was invited")
    return url


_VARIABLES: dict[str, tuple[str, Callable[[str], object]]] = {
    "INTEGRATION_KEY": ("integration_key", _integration_key),
    "TRUSTPILOT_API_URL": ("api_url", _base_url),
    "TRUSTPILOT_INVITATIONS_API_URL": ("invitations_api_url", _base_url),
    "TRUSTPILOT_API_KEY": ("api_key", _api_key),
    "TRUSTPILOT_API_SECRET": ("api_secret", _printable),
    "TRUSTPILOT_BUSINESS_UNIT_ID": ("business_unit_id", _identifier),
    "TRUSTPILOT_BUSINESS_USER_ID": ("business_user_id", _identifier),
    "TRUSTPILOT_TEMPLATE_ID": ("template_id", _identifier),
    "TRUSTPILOT_LOCALE": ("locale", _locale),
    "TRUSTPILOT_PARTNER_ID": ("partner_id", _printable),
    "TRUSTPILOT_PARTNER_HEADER": ("partner_header", _header_name),
    "TRUSTPILOT_TIMEOUT": ("timeout", _seconds),
    "LEDGER_URL": ("ledger_url", _ledger_url),
}
"""Which variable fills which field of :class:`Settings`, and how it is read; fields without a default are required."""
