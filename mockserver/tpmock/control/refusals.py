"""Errors of the control API. Body and hint have the same message, because both are for the person who tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from tpmock.core.permissions import is_address
from tpmock.core.problems import Problem, invalid

_K = TypeVar("_K")
_V = TypeVar("_V")


def refusal(name: str, sentence: str) -> Problem:
    """Return the problem of that name in the document, with a message."""
    return Problem(name, hint=sentence, detail=sentence)


def unknown(kind: str, name: object) -> Problem:
    """Return the problem for a thing that is not in the sandbox."""
    return refusal("unknown-thing", f"There is no {kind} {str(name)!r} in this sandbox.")


def known(things: Mapping[_K, _V], key: _K, kind: str) -> _V:
    """Return the thing with that key.

    :param kind: of thing, for the message
    :raises Problem: when the key is unknown
    """
    thing = things.get(key)
    if thing is None:
        raise unknown(kind, key)
    return thing


def check_address(url: str) -> None:
    """Check that the mock can post to an address.

    :raises Problem: when it cannot
    """
    if not is_address(url):
        raise invalid(f"url: {url!r} is not a usable address")
