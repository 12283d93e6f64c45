"""Redirect addresses of the login. Chapter "Grant type: authorization code".

Addresses are compared character by character, as sent. Parsed addresses would match when they only look registered:
the standard library drops tabs and leading blanks, and a user before the host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from tpmock.core import hints

#: Maximum length of an address; browsers and proxies do not handle longer ones reliably.
LONGEST: Final = 2_000
#: Maximum number of addresses of one API key.
MOST: Final = 100

_LETTERS: Final = r"[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*"
_REST: Final = rf"(?:[/?]{_LETTERS})?"
_WEB: Final = re.compile(rf"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{{1,5}})?{_REST}")
#: A custom scheme of an app: a domain, reversed (RFC 8252, 7.1).
_APP: Final = re.compile(rf"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/{_LETTERS}")
_LOOPBACK: Final = re.compile(rf"(?P<name>https?://(?:127\.0\.0\.1|localhost|\[::1\]))(?::\d{{1,5}})?(?P<rest>{_REST})")


def is_usable(address: str) -> bool:
    """Return whether an address can be registered: absolute, of the web or an app, without user, fragment or blanks."""
    return len(address) <= LONGEST and (_WEB.fullmatch(address) or _APP.fullmatch(address)) is not None


def accepts(variants: Mapping[str, str], registered: Sequence[str], given: str) -> bool:
    """Return whether a login may redirect to an address.

    :param variants: ``redirect_matching`` and ``loopback_redirects`` apply
    :param registered: those of the API key
    """
    if given in registered:
        return True
    if not is_usable(given):
        return False
    loopback = _LOOPBACK.fullmatch(given)
    if loopback is not None and (
        variants["loopback_redirects"] == "any" or loopback["name"] + loopback["rest"] in registered
    ):
        return True
    return variants["redirect_matching"] == "base" and any(_is_below(given, base) for base in registered)


def advice(registered: Sequence[str], given: str) -> str | None:
    """Return how the real Trustpilot would refuse an address that the mock accepts; None if it would accept it."""
    if given in registered:
        return None if given.startswith("https://") else hints.REDIRECT_NOT_HTTPS
    return hints.REDIRECT_LOOPBACK if _LOOPBACK.fullmatch(given) else None


def _is_below(given: str, base: str) -> bool:
    """Return whether an address is a base address or below it; ``..`` leaves it, in every encoding."""
    if "?" in base or not given.startswith((base.rstrip("/") + "/", base.rstrip("/") + "?")):
        return False
    path = unquote(given.partition("?")[0])
    return not any(part in (".", "..") for part in re.split(r"[/\\]", path))
