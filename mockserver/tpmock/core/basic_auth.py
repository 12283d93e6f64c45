"""Parser of HTTP Basic credentials, in every form that programs send."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus

from tpmock.core.bounded import remembered


@dataclass(frozen=True, slots=True)
class Basic:
    """The content of an Authorization header.

    :param user: key, write key or integration key; empty when the header was unreadable
    :param stated: whether the header begins with the word Basic
    """

    user: str
    password: str
    stated: bool


@remembered(1_024)
def basic(header: str) -> Basic:
    """Return user and password from an Authorization header.

    Real programs also form-encode them first (as RFC 6749 requires), omit the word Basic, add square brackets,
    or omit the colon.
    """
    scheme, _, encoded = header.strip().rpartition(" ")
    try:
        text = base64.b64decode(encoded.strip("[]"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return Basic("", "", stated=False)
    user, _, password = text.partition(":")
    return Basic(unquote_plus(user), unquote_plus(password), stated=scheme.lower() == "basic")
