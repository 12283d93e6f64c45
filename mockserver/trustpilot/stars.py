"""Numbers of reviews by stars, in the words of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final = ("oneStar", "twoStars", "threeStars", "fourStars", "fiveStars")


def breakdown(stars: Mapping[int, int]) -> dict[str, int]:
    """``total`` and the five numbers beneath it.

    :param stars: how many reviews have one to five stars
    """
    return {
        "total": sum(stars.values()),
        **{word: stars.get(number, 0) for number, word in enumerate(WORDS, start=1)},
    }


def average(stars: Mapping[int, int]) -> float:
    """The mean, to one decimal as in every sample; 0 without reviews."""
    count = sum(stars.values())
    return round(sum(number * many for number, many in stars.items()) / count, 1) if count else 0.0
