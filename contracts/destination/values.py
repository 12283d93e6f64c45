"""How single values of the configuration are read, wherever they come from.

Each parser raises ValueError with the rest of a sentence that begins with the value's name. None of them repeats the
value: it may be a secret that was pasted into the wrong place.
"""

from __future__ import annotations

import math
import re
from urllib.parse import urlsplit

DAY = 86_400.0
"""Seconds."""

LONGEST_TEXT = 255
_PRINTABLE = re.compile(r"[!-~]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")
_LOCALE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")
_ADDRESS = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@([^@\s.\"(),:;<>\[\]\\_]+\.)+[^@\s.\"(),:;<>\[\]\\_]{2,}")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
_TAKEN = {"/healthz", "/health", "/readyz", "/metrics", "/connect"}
_TAKEN_BELOW = ("/connect/", "/actions/", "/v1/")
_LONGEST_ADDRESS = 254
_LONGEST_TIMEOUT = 60.0
_MOST_DAYS = 3650.0
_MOST_TAGS = 20


def is_address(text: str) -> bool:
    """Whether ``text`` looks like an e-mail address."""
    return len(text) <= _LONGEST_ADDRESS and text.isprintable() and _ADDRESS.fullmatch(text) is not None


def is_web_address(text: str) -> bool:
    """Whether ``text`` is an http or https address with a host, as a mail may link to."""
    try:
        parts = urlsplit(text)
        sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    unbroken = text.isprintable() and not any(letter.isspace() for letter in text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and sound and unbroken


def printable(text: str) -> str:
    """ASCII that can stand in an HTTP header."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("must be printable ASCII without spaces, because it travels in an HTTP header")
    return text


def api_key(text: str) -> str:
    """The user name of HTTP Basic, towards Trustpilot."""
    if ":" in text:
        raise ValueError("must not contain a colon, because HTTP Basic separates key and secret by one")
    return printable(text)


def integration_key(text: str) -> str:
    """The user name of HTTP Basic, from Segment."""
    if ":" in text:
        raise ValueError("must not contain a colon, because Segment sends it as an HTTP Basic user name")
    return printable(text)


def identifier(text: str) -> str:
    """An id that can stand in a path."""
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("must be an id of letters, digits, hyphens and underscores")
    return text


def locale(text: str) -> str:
    """A locale in Trustpilot's form: en-US."""
    found = _LOCALE.fullmatch(text)
    if found is None:
        raise ValueError("must be a locale such as en-US")
    return found[1].lower() + found[2].replace("_", "-")


def header_name(text: str) -> str:
    """The name of an HTTP header."""
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("must be a valid HTTP header name")
    return text


def seconds(text: str) -> float:
    """A time-out."""
    found = _number(text)
    if not 0 < found <= _LONGEST_TIMEOUT:
        raise ValueError(f"must be a number of seconds above 0 and at most {_LONGEST_TIMEOUT:g}")
    return found


def days(text: str) -> float:
    """A span of days, in seconds."""
    found = _number(text)
    if not 0 <= found <= _MOST_DAYS:
        raise ValueError(f"must be a number of days, at least 0 and at most {_MOST_DAYS:g}")
    return found * DAY


def some_days(text: str) -> float:
    """A span of days that is not empty, in seconds."""
    found = _number(text)
    if not 0 < found <= _MOST_DAYS:
        raise ValueError(f"must be a number of days above 0 and at most {_MOST_DAYS:g}")
    return found * DAY


def count(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isascii() or not text.isdigit() or len(text) > len("1000000"):
        raise ValueError("must be a whole number, at least 0")
    return int(text)


def yes(text: str) -> bool:
    """A switch."""
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if text.lower() not in known:
        raise ValueError("must be true or false")
    return known[text.lower()]


def line(text: str) -> str:
    """A text of one line."""
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValueError(f"must be at most {LONGEST_TEXT} printable characters")
    return text


def tags(text: str) -> tuple[str, ...]:
    """Several texts, separated by commas."""
    found = tuple(line(part) for each in text.split(",") if (part := each.strip()))
    if len(found) > _MOST_TAGS:
        raise ValueError(f"must be at most {_MOST_TAGS} tags, separated by commas")
    return found


def address(text: str) -> str:
    """An e-mail address of the shop."""
    if not is_address(text):
        raise ValueError("must be an e-mail address")
    return text


def web_address(text: str) -> str:
    """A page that an invited consumer is sent on to."""
    if not is_web_address(text):
        raise ValueError("must be an http or https address such as https://shop.example.com/thanks")
    return text


def base_url(text: str) -> str:
    """Where an API is, without a slash at the end."""
    parts = urlsplit(text) if is_web_address(text) else None
    if parts is None or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError(
            "must be an http or https address without user, query or fragment, such as https://api.trustpilot.com"
        )
    return text.rstrip("/")


def oauth_redirect_uri(text: str) -> str:
    """Where Trustpilot sends a customer back to after the login; http only on this machine (RFC 8252, 8.3)."""
    parts = urlsplit(text) if is_web_address(text) else None
    here = parts is not None and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts is None or not (parts.scheme == "https" or here) or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            "must be an https address, or an http one of 127.0.0.1 or localhost, without user, query or fragment, "
            "such as https://destination.example.com/callback"
        )
    if not _PATH.fullmatch(parts.path) or parts.path in _TAKEN or parts.path.startswith(_TAKEN_BELOW):
        raise ValueError("must have a path that nothing else here answers at, such as /callback")
    return text


def database_url(text: str) -> str:
    """The SQLAlchemy URL meant by ``text``, which may also be the plain path of a SQLite file.

    :raises ValueError: for a database in memory, which would forget all orders at every start.
    """
    url = text if "://" in text else f"sqlite:///{text}"
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    if scheme.partition("+")[0] == "sqlite":
        if rest in {"", "/"} or ":memory:" in rest or "mode=memory" in rest:
            raise ValueError("must name a file or a server, because a database in memory forgets who was invited")
    elif scheme.partition("+")[0] != "postgresql":
        raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return url


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
