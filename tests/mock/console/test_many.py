"""However much there is, a page shows a page of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tpmock.console.menu import PAGES
from tpmock.server.app import MockApp, MockSettings

from tests.benchmarks.console import Answering, fill, send
from tests.mock.console.conftest import Visitor

FEW, MANY = 250, 2_500
#: The numbers in a page get longer, and nothing else.
GROWTH = 1.05
FOLDED = "/segment/destinations/Trustpilot"


@pytest.fixture(scope="module")
def visitors() -> Iterator[tuple[Visitor, Visitor]]:
    """At a mock that has seen little, and at one that has seen ten times as much."""
    settings = [MockSettings(destination_url="http://127.0.0.1:9/", http_client=Answering()) for _ in range(2)]
    with MockApp(settings[0]) as small, MockApp(settings[1]) as large:
        for mock, count in ((small, FEW), (large, MANY)):
            visitor = Visitor(mock)
            send(visitor, count)
            fill(visitor, count)
        yield Visitor(small), Visitor(large)


@pytest.mark.parametrize("path", [*(f"/{room.pages.name}/" for room in PAGES), FOLDED])
def test_a_page_does_not_grow_with_what_there_is(visitors: tuple[Visitor, Visitor], path: str) -> None:
    small, large = (len(visitor.see(path)) for visitor in visitors)
    assert large < small * GROWTH
