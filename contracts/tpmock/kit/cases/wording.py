"""Wording of reports: statuses, numbers and data that must not be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "order_id": ("order_id", "order number", "order no", "order reference", "order identifier", "reference number"),
    "mail": ("mail", "address", "recipient"),
    "plan": ("plan", "subscription", "package", "upgrade"),
    "permissions": ("permission", "rights", "allow", "access"),
}


def named(word: str) -> tuple[str, ...]:
    """Return the words that people use for a thing, any of which names it."""
    return _WORDS.get(word, (word,))


def fits(status: int | None, wanted: Any) -> bool:
    """Return whether a status is one of those wanted: a number, a class such as ``4xx``, or a list of these."""
    if isinstance(wanted, list):
        return any(fits(status, one) for one in wanted)
    if isinstance(wanted, str):
        return status is not None and f"{status // 100}xx" == wanted
    return status is not None and status == wanted


def spelled(wanted: Any) -> str:
    """Return alternatives as a part of a sentence."""
    return " or ".join(str(one) for one in wanted) if isinstance(wanted, list) else str(wanted)


def ranged(limits: Mapping[str, int]) -> str:
    """Return a range as a part of a sentence."""
    low, high = limits.get("at_least"), limits.get("at_most")
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return f"exactly {low}" if low == high else f"{low} to {high}"


def counted(number: int, thing: str, several: str = "") -> str:
    """Return a number with its noun, in the plural where needed.

    :param several: the plural; with an s by default
    """
    return f"{number or 'no'} {thing if number == 1 else several or f'{thing}s'}"


def masked(datum: str) -> str:
    """Return enough of a value to recognize it."""
    return f"{datum[:2]}…{datum[-2:]}"
