"""What a user probably meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

#: Minimum length of a word that may be the end of a known one.
SHORTEST: Final = 4


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word that is most similar to ``word``, whatever the case of its letters.

    :param cutoff: how similar it has to be, from 0 to 1
    :returns: None when none is similar enough
    """
    import difflib  # noqa: PLC0415 - only for a mistake: importing it takes 10 ms

    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    if not found and len(word) >= SHORTEST:
        # A shortened name: skus for productSkus.
        found = [name for name in by_lower if name.endswith(word.lower())]
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return a sentence that names the most similar known word, or all of them when none is similar."""
    near = closest(word, known)
    return f"Did you mean {near!r}?" if near else f"There are {', '.join(known)}."
