"""Reads HTTP Basic credentials, in every form that programs send them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus


@dataclass(frozen=True, slots=True)
class Basic:
    """What an Authorization header said.

    :param user: key, write key or integration key; empty when the header was unreadable
    :param stated: whether the word Basic stood in front
    """

    user: str
    password: str
    stated: bool


@lru_cache(maxsize=1_024)
def basic(header: str) -> Basic:
    """User and password from an Authorization header.

    Programs in the wild send them form-encoded first (as RFC 6749 asks), without the word Basic, in square brackets,
    or without the colon.
    """
    scheme, _, encoded = header.strip().rpartition(" ")
    try:
        text = base64.b64decode(encoded.strip("[]"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return Basic("", "", stated=False)
    user, _, password = text.partition(":")
    return Basic(unquote_plus(user), unquote_plus(password), stated=scheme.lower() == "basic")
