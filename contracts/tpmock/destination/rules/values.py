"""Parsers for single values of the configuration, from any source.

Each parser raises ValueError with the rest of a sentence that begins with the value's name. None of them repeats the
value: it may be a secret that was pasted into the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from tpmock.common.locales import DEFAULT_LOCALE, known_locale, of_language
from tpmock.common.mail_addresses import is_address

Clock = Callable[[], float]
"""Returns the seconds since 1970, about the same in all copies of the service."""

DAY = 86_400.0
"""Seconds."""

LONGEST_TEXT = 255
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
_TAKEN = {"/healthz", "/health", "/readyz", "/metrics", "/connect"}
_TAKEN_BELOW = ("/connect/", "/actions/", "/v1/")
_LONGEST_TIMEOUT = 60
_MOST_DAYS = 3650
_MOST_TAGS = 20


def is_web_address(text: str) -> bool:
    """Return whether ``text`` is an http or https address with a host, as a mail may link to."""
    try:
        parts = urlsplit(text)
        sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    unbroken = text.isprintable() and not any(letter.isspace() for letter in text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and sound and unbroken


def _tested(test: Callable[[str], object], problem: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not test(text):
            raise ValueError(problem)
        return text

    return parse


def _number(problem: str, most: float, unit: float = 1.0, *, zero: bool = False) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            raise ValueError(problem) from None
        if not (0 < found <= most or (zero and found == 0)):
            raise ValueError(problem)
        return found * unit

    return parse


def _matching(pattern: str, problem: str) -> Callable[[str], str]:
    return _tested(re.compile(pattern).fullmatch, problem)


def _user_name(problem: str) -> Callable[[str], str]:
    """Read what travels as the user name of HTTP Basic."""
    without_colon = _tested(lambda text: ":" not in text, problem)
    return lambda text: printable(without_colon(text))


printable = _matching("[!-~]+", "must be printable ASCII without spaces, because it travels in an HTTP header")
header_name = _matching("[A-Za-z0-9!#$%&'*+.^_`|~-]+", "must be a valid HTTP header name")
object_id = _matching(
    "[0-9a-fA-F]{24}", "must be an id of Trustpilot's: 24 hexadecimal digits, such as 507f191e810c19729de860ea"
)
line = _tested(
    lambda text: len(text) <= LONGEST_TEXT and text.isprintable(),
    f"must be at most {LONGEST_TEXT} printable characters",
)
address = _tested(is_address, "must be an e-mail address")
web_address = _tested(is_web_address, "must be an http or https address such as https://shop.example.com/thanks")

api_key = _user_name("must not contain a colon, because HTTP Basic separates key and secret by one")
SHORTEST_KEY = 16
"""Fewest characters of an integration key: a caller with the key sends events as the customer, and anybody may guess.
"""


def integration_key(text: str) -> str:
    """Return the user name of HTTP Basic that Segment sends, if it is long enough not to be guessed."""
    key = _user_name("must not contain a colon, because Segment sends it as an HTTP Basic user name")(text)
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"must have at least {SHORTEST_KEY} characters; `openssl rand -hex 24` makes one")
    return key


# In seconds.
seconds = _number(f"must be a number of seconds above 0 and at most {_LONGEST_TIMEOUT}", _LONGEST_TIMEOUT)
days = _number(f"must be a number of days, at least 0 and at most {_MOST_DAYS}", _MOST_DAYS, DAY, zero=True)
some_days = _number(f"must be a number of days above 0 and at most {_MOST_DAYS}", _MOST_DAYS, DAY)


def in_days(span: float) -> float:
    """Return a span in seconds as days."""
    return span / DAY


def locale(text: str) -> str:
    """One of Trustpilot's locales, in its form: en-US for en_us, and for en."""
    found = known_locale(text)
    if found is None:
        choices = of_language(re.split("[-_]", text)[0]) or [DEFAULT_LOCALE]
        raise ValueError(f"must be one of the locales that Trustpilot knows, such as {', '.join(choices)}")
    return found


def count(text: str) -> int:
    """Return a whole number, at least 0."""
    if not text.isascii() or not text.isdigit() or len(text) > len("1000000"):
        raise ValueError("must be a whole number, at least 0")
    return int(text)


def yes(text: str) -> bool:
    """Return a boolean."""
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if text.lower() not in known:
        raise ValueError("must be true or false")
    return known[text.lower()]


def tags(text: str) -> tuple[str, ...]:
    """Several texts, separated by commas."""
    found = tuple(line(part) for each in text.split(",") if (part := each.strip()))
    if len(found) > _MOST_TAGS:
        raise ValueError(f"must be at most {_MOST_TAGS} tags, separated by commas")
    return found


def base_url(text: str) -> str:
    """Return the base address of an API, without a slash at the end."""
    parts = urlsplit(text) if is_web_address(text) else None
    if parts is None or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError(
            "must be an http or https address without user, query or fragment, such as https://api.trustpilot.com"
        )
    return text.rstrip("/")


def oauth_redirect_uri(text: str) -> str:
    """Return the redirect address after the login; http only on this machine (RFC 8252, 8.3)."""
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
    """Return the SQLAlchemy URL meant by ``text``, which may also be the plain path of a SQLite file.

    :raises ValueError: for a database in memory, which would lose all orders at every start
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
