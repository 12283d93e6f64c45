"""Masks secrets: in their usual places before a record is written, and known ones everywhere before it is shown.

Searching every body for twenty secrets would cost each call a tenth of its time, so only shown records are
searched.

A masked secret keeps its first characters, which tell its kind, followed in braces by the name of the
sandbox's credential if it is one: ``tpk-…{apiKey}``. So a reader sees which key was used, and a program that repeats
the call can restore it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlencode

from tpmock.core.basic_auth import basic
from tpmock.core.bounded import LONGEST_REMEMBERED

#: Maximum visible characters of a secret; of a short one a quarter.
SHOWN: Final = 4
#: A shorter known secret is masked only in the usual places: it could be part of any word.
SHORTEST: Final = 8
#: Replaces a half of a pair that is not a credential of the sandbox.
UNKNOWN: Final = "?"

_SECRET_NAMES: Final = ("Key", "Secret", "assword")

_HEADERS: Final = frozenset(
    {
        *("authorization", "proxy-authorization", "apikey", "api-key", "x-api-key", "x-auth-token"),
        # All of a destination's settings except its API Key, because they may include other keys.
        *("cookie", "set-cookie", "x-segment-settings"),
    }
)
#: Headers whose value is a URL, which may contain a code or a token.
_ADDRESSES: Final = frozenset({"location", "content-location", "referer"})
_MAY_HOLD_SECRETS: Final = _HEADERS | _ADDRESSES
#: Maximum number of cached spellings of header names: most calls have the same twenty.
_MOST_NAMES: Final = 1_024
_PARAMETERS: Final = frozenset(
    {
        *("apikey", "api_key", "api-key", "token", "access_token", "refresh_token", "id_token", "code", "client_id"),
        *("client_secret", "secret", "password", "writekey", "write_key", "authorization"),
    }
)
_MAYBE_PARAMETER = re.compile("key|token|code|client_id|secret|password|authorization|%", re.IGNORECASE)
#: Pattern of access and refresh tokens of any sandbox.
_TOKEN = re.compile(r"tp[ar]-[0-9a-f]{8,}")
_TOKEN_BYTES = re.compile(rb"tp[ar]-[0-9a-f]{8,}")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]*@")
_FIELD = re.compile(r"[\w.:\[\]-]*")


def mask(secret: str) -> str:
    """Return the first characters, enough to recognize the kind of a secret, and no more."""
    return f"{secret[: min(SHOWN, len(secret) // SHOWN)]}…" if secret else ""


def is_secret(name: str) -> bool:
    """Return whether a sandbox's credential of that name is a secret, not a plain name or address."""
    return name.endswith(_SECRET_NAMES)


def basic_text(user: str, password: str) -> str:
    """Return the HTTP Basic value of user and password."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


class _Sensitive(dict[str, bool]):
    """Return whether a header may hold a secret, by its name in any spelling."""

    def __missing__(self, name: str) -> bool:
        sensitive = name.lower() in _MAY_HOLD_SECRETS
        if len(self) < _MOST_NAMES and len(name) <= LONGEST_REMEMBERED:
            self[name] = sensitive
        return sensitive


_SENSITIVE: Final = _Sensitive()


class Masks:
    """Masks the secrets of one sandbox, and all values in the usual places of secrets.

    :param credentials: the sandbox's, by name
    """

    __slots__ = ("_anywhere", "_anywhere_bytes", "_names")

    def __init__(self, credentials: Mapping[str, str]) -> None:
        secrets = {name: value for name, value in credentials.items() if is_secret(name)}
        self._names = {value: name for name, value in secrets.items()}
        shown: dict[str, str] = {}
        for name, value in secrets.items():
            if len(value) < SHORTEST:
                continue
            companion = secrets.get(f"{name[:-3]}Secret", "")
            for password in {"", companion}:
                pair = basic_text(value, password)
                shown[pair] = self._pair(pair, value, password)
            for form in (
                value,
                quote_plus(value),
                json.dumps(value)[1:-1],
                json.dumps(value, ensure_ascii=False)[1:-1],
            ):
                shown[form] = self.secret(value)
        # Longer ones first, because one may be part of another.
        self._anywhere = sorted(shown.items(), key=lambda item: -len(item[0]))
        self._anywhere_bytes = [(secret.encode(), text.encode()) for secret, text in self._anywhere]

    def secret(self, value: str) -> str:
        """Return a masked secret."""
        name = self._names.get(value)
        return mask(value) if name is None else f"{mask(value)}{{{name}}}"

    def text(self, value: str) -> str:
        """Return ``value`` with known secrets and tokens masked."""
        for secret, shown in self._anywhere:
            if secret in value:
                value = value.replace(secret, shown)
        return _TOKEN.sub(lambda match: mask(match[0]), value) if "tpa-" in value or "tpr-" in value else value

    def content(self, value: bytes) -> bytes:
        """Return a body with known secrets and tokens masked."""
        for secret, shown in self._anywhere_bytes:
            if secret in value:
                value = value.replace(secret, shown)
        if b"tpa-" in value or b"tpr-" in value:
            value = _TOKEN_BYTES.sub(lambda match: mask(match[0].decode()).encode(), value)
        return value

    def headers(self, headers: Iterable[tuple[str, str]]) -> str:
        """Return ``headers`` as text with a line each, masked."""
        return "\n".join(
            [f"{name}: {self._header(name, value) if _SENSITIVE[name] else value}" for name, value in headers]
        )

    def _header(self, name: str, value: str) -> str:
        return self._credential(value) if name.lower() in _HEADERS else self.url(value)

    def _credential(self, value: str) -> str:
        scheme, space, secret = value.partition(" ")
        if not space:
            return self.secret(value)
        if scheme.lower() != "basic":
            return f"{scheme} {self.secret(secret)}"
        given = basic(value)
        return f"{scheme} {self._pair(secret, given.user, given.password)}"

    def _pair(self, encoded: str, user: str, password: str) -> str:
        """Return masked Basic credentials; with the names of both halves when the first is known."""
        if user not in self._names:
            return mask(encoded)
        second = self._names.get(password, UNKNOWN) if password else ""
        return f"{mask(encoded)}{{{self._names[user]}:{second}}}"

    def url(self, address: str) -> str:
        """Return a URL without user and password, its query and fragment masked."""
        before, hash_sign, fragment = address.partition("#")
        path, question_mark, query = before.partition("?")
        if "@" in path:
            path = _USER_INFO.sub("…@", path)
        return f"{path}{question_mark}{self.query(query)}{hash_sign}{self.query(fragment)}"

    def query(self, query: str) -> str:
        """Mask the secret parameters of a query string; the others stay unchanged."""
        if not query or _MAYBE_PARAMETER.search(query) is None:
            return query
        return "&".join(map(self._parameter, query.split("&")))

    def _parameter(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if unquote_plus(name).lower() not in _PARAMETERS:
            return pair
        return f"{name}{equals}{self.secret(unquote_plus(value))}"

    def form(self, body: bytes, names: frozenset[str]) -> bytes:
        """Mask a form: the fields in ``names``, those with the usual names of secrets, and parts without a name."""
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return urlencode([self._field(name, value, names) for name, value in pairs], safe="{}").encode()

    def _field(self, name: str, value: str, names: frozenset[str]) -> tuple[str, str]:
        if _FIELD.fullmatch(name) is None:
            # JSON sent as a form is one long name with unknown content.
            return "…", mask(value)
        return name, self.secret(value) if name in names or name.lower() in _PARAMETERS else value

    def json(self, value: Any, names: frozenset[str]) -> Any:
        """Mask the members named in ``names`` in a JSON value, at any depth."""
        if isinstance(value, Mapping):
            return {
                name: self.secret(part) if name in names and isinstance(part, str) else self.json(part, names)
                for name, part in value.items()
            }
        return [self.json(part, names) for part in value] if isinstance(value, list) else value


#: A value that is only a mask, with or without a scheme.
_MASK = re.compile(r"(?:[A-Za-z]+ )?[^\s…]{0,4}…(?:\{[\w?:]*\})?")
_TOKEN_MASK: Final = mask("tpa-0123456789abcdef")


class Unmasking:
    """Restores secrets that :class:`Masks` masked, if they are credentials of the sandbox.

    :param credentials: the sandbox's, by name
    :param access_token: replaces any access token, because no access token is stored
    :ivar left: whether a mask could not be restored
    """

    def __init__(self, credentials: Mapping[str, str], access_token: str | None = None) -> None:
        secrets = {name: value for name, value in credentials.items() if is_secret(name)}
        halves = {**secrets, "": ""}
        self._known = {
            f"{mask(basic_text(user, password))}{{{first}:{second}}}": basic_text(user, password)
            for first, user in secrets.items()
            for second, password in halves.items()
        } | {f"{mask(value)}{{{name}}}": value for name, value in secrets.items()}
        if access_token is not None:
            self._known[_TOKEN_MASK] = access_token
        self.left = False

    def text(self, value: str, name: str = "") -> str:
        """Restore a value, such as a header's.

        :param name: of the header or member; a value in the form of a mask counts only in a usual place of secrets
        """
        if "…" not in value:
            return value
        for masked, secret in self._known.items():
            value = value.replace(masked, secret)
        lower = name.lower()
        if (lower in _HEADERS or lower in _PARAMETERS or is_secret(name)) and _MASK.fullmatch(value):
            self.left = True
        return value

    def url(self, address: str) -> str:
        """Restore a URL with its query."""
        path, question_mark, query = address.partition("?")
        return f"{self.text(path)}{question_mark}{'&'.join(map(self._parameter, query.split('&')))}"

    def _parameter(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        plain = unquote_plus(value)
        return f"{name}{equals}{quote_plus(self.text(plain, unquote_plus(name)))}" if "…" in plain else pair

    def form(self, body: str) -> str:
        """Restore the fields of a form."""
        return urlencode([(name, self.text(value, name)) for name, value in parse_qsl(body, keep_blank_values=True)])

    def json(self, value: Any, name: str = "") -> Any:
        """Restore a JSON value, at any depth.

        :param name: of the member that has the value
        """
        if isinstance(value, Mapping):
            return {name: self.json(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [self.json(part, name) for part in value]
        return self.text(value, name) if isinstance(value, str) else value
