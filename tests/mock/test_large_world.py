"""Twenty thousand reviews over a socket: last pages come as fast as first ones, and no request waits for a
collection.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from tpmock.server.app import MockSettings, create_app

from tests.benchmarks.servers import Control, Running, mock
from tests.benchmarks.worlds import MARK, Paged, Reader, both, large_file, large_world, lists

REVIEWS = 20_000
#: Milliseconds that other work on the machine may cost even the quickest of many calls.
NOISE = 0.5


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with large_file(REVIEWS) as file, mock(options=["--world", str(file)]) as running:
        yield running


@pytest.fixture(scope="module")
def paged(served: Running) -> list[Paged]:
    control = Control(served.url)
    found = lists(control.credentials, control.token(), REVIEWS)
    control.close()
    return found


@pytest.mark.parametrize("number", range(6))
def test_the_last_page_costs_what_the_first_does(served: Running, paged: list[Paged], number: int) -> None:
    reader = Reader(served.url)
    first, last = both(reader, paged[number], 40)
    reader.close()
    assert min(last) < MARK * min(first) + NOISE, paged[number]


@pytest.fixture
def collector() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.collect()


@pytest.mark.usefixtures("collector")
def test_a_serving_process_does_not_look_through_a_large_world_for_garbage() -> None:
    before = gc.get_freeze_count()
    with create_app(MockSettings(worlds={"default": large_world(REVIEWS)}, serving=True)) as mock:
        assert gc.get_freeze_count() > before + REVIEWS
        first = weakref.ref(mock.sandboxes.default.world)
        mock.sandboxes.default.reset()
        assert gc.get_freeze_count() > before + REVIEWS
        assert first() is None, "what a reset replaces must not stay for ever"


def test_the_collector_of_another_program_is_left_alone() -> None:
    before = gc.get_freeze_count()
    with create_app(MockSettings(worlds={"default": large_world(REVIEWS)})):
        assert gc.get_freeze_count() == before
    assert gc.isenabled()
