"""What the destination is told by its environment, checked before anything starts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

_T = TypeVar("_T")
_D = TypeVar("_D")

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
        read = _Reader(environment)
        settings = cls(
            integration_key=read.required("INTEGRATION_KEY", _integration_key),
            api_url=read.optional("TRUSTPILOT_API_URL", _base_url, "https://api.trustpilot.com"),
            invitations_api_url=read.optional(
                "TRUSTPILOT_INVITATIONS_API_URL", _base_url, "https://invitations-api.trustpilot.com"
            ),
            api_key=read.required("TRUSTPILOT_API_KEY", _api_key),
            api_secret=read.required("TRUSTPILOT_API_SECRET", _printable),
            business_unit_id=read.required("TRUSTPILOT_BUSINESS_UNIT_ID", _identifier),
            business_user_id=read.required("TRUSTPILOT_BUSINESS_USER_ID", _identifier),
            template_id=read.optional("TRUSTPILOT_TEMPLATE_ID", _identifier, None),
            locale=read.optional("TRUSTPILOT_LOCALE", _locale, "en-US"),
            partner_id=read.optional("TRUSTPILOT_PARTNER_ID", _printable, None),
            partner_header=read.optional("TRUSTPILOT_PARTNER_HEADER", _header_name, "X-Trustpilot-Partner-Id"),
            timeout=read.optional("TRUSTPILOT_TIMEOUT", _seconds, 8.0),
            ledger_url=read.optional("LEDGER_URL", ledger_url, "sqlite:///tpmock-destination.db"),
        )
        if read.sentences:
            raise SettingsError(read.sentences)
        return settings


class _Reader:
    """Collects the problems, so that a person can mend them all at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.sentences: list[str] = []

    def required(self, name: str, parse: Callable[[str], str]) -> str:
        text = self._environment.get(name, "").strip()
        if not text:
            self.sentences.append(f"{name} is missing.")
            return ""
        return self._parsed(name, text, parse, "")

    def optional(self, name: str, parse: Callable[[str], _T], default: _D) -> _T | _D:
        text = self._environment.get(name, "").strip()
        return self._parsed(name, text, parse, default) if text else default

    def _parsed(self, name: str, text: str, parse: Callable[[str], _T], default: _D) -> _T | _D:
        try:
            return parse(text)
        except ValueError as problem:
            self.sentences.append(f"{name} {problem}.")
            return default


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


def ledger_url(text: str) -> str:
    """The SQLAlchemy URL meant by ``text``, which may also be the plain path of a SQLite file.

    :raises ValueError: for a database in memory, which would forget all orders at every start.
    """
    url = text if "://" in text else f"sqlite:///{text}"
    path = url.partition("://")[2]
    if url.startswith("sqlite") and (path in {"", "/"} or ":memory:" in path or "mode=memory" in path):
        raise ValueError("must name a file or a server, because a ledger in memory forgets who was invited")
    return url
