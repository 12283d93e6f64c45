"""A hundred thousand reviews of one unit: the last pages come as fast as the first."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import pytest
from tpmock.trustpilot.model import ServiceReview
from tpmock.trustpilot.paging import page
from tpmock.trustpilot.review_index import ReviewIndex

MANY = 100_000
#: The mark is 2. A test shares its processor with others, so it is content with more; a scan would be a thousand.
FACTOR = 10


def review(number: int) -> ServiceReview:
    return ServiceReview(f"{number:024x}", "unit", "consumer", number % 5 + 1, "", "", "en", float(number))


@pytest.fixture(scope="module")
def shelf() -> ReviewIndex[ServiceReview]:
    return ReviewIndex(review(number) for number in range(MANY))


def quickest(act: Callable[[], object]) -> float:
    """The least time of many, in which others had no part."""
    times = []
    for _ in range(50):
        started = perf_counter()
        act()
        times.append(perf_counter() - started)
    return min(times)


@pytest.mark.parametrize("stars", [None, 5])
def test_the_thousandth_page_costs_what_the_first_does(shelf: ReviewIndex[ServiceReview], stars: int | None) -> None:
    def read(number: int) -> list[str]:
        fits = None if stars is None else (lambda one: one.stars == stars)
        found = shelf.select("unit", ("list", stars), fits)
        return [row.id for row in page(found, "/", {"page": number, "per_page": 20}, "", {})[0]]

    assert len(read(1)) == len(read(1000)) == 20
    assert quickest(lambda: read(1000)) < FACTOR * quickest(lambda: read(1))


def test_a_change_is_seen_at_once_and_a_removed_review_nowhere(shelf: ReviewIndex[ServiceReview]) -> None:
    newest = review(MANY)
    shelf.add(newest)
    assert shelf.select("unit", "all")[0] is newest
    shelf.remove(newest)
    assert shelf.get(newest.id) is None
    assert shelf.select("unit", "all")[0].id == f"{MANY - 1:024x}"


def test_the_newest_are_found_without_looking_at_all(shelf: ReviewIndex[ServiceReview]) -> None:
    looked: list[str] = []

    def fits(one: ServiceReview) -> bool:
        looked.append(one.id)
        return one.stars == 5

    whole = shelf.select("unit", "five stars", lambda one: one.stars == 5)
    assert list(shelf.newest("unit", "five", fits, 3)) == list(whole[:3])
    assert len(looked) < 20


def test_what_few_fit_is_looked_for_once(shelf: ReviewIndex[ServiceReview]) -> None:
    looked = []

    def fits(one: ServiceReview) -> bool:
        looked.append(one.id)
        return one.id == f"{7:024x}"

    for _ in range(2):
        assert [one.id for one in shelf.newest("unit", "seven", fits, 3)] == [f"{7:024x}"]
    assert len(looked) == MANY
