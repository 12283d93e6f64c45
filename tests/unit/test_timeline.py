"""What is due, in order."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.timeline import Timeline


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def timeline(woken: list[str]) -> Timeline:
    return Timeline(partial(woken.append, "earlier"))


def drain(timeline: Timeline, until: float) -> None:
    while (due := timeline.pop(until)) is not None:
        due[1]()


def test_only_something_earlier_than_all_wakes(timeline: Timeline, woken: list[str]) -> None:
    for moment in (5, 7, 3):
        timeline.at(moment, lambda: None)
    assert len(woken) == 2


def test_what_is_called_off_does_not_happen(timeline: Timeline) -> None:
    done: list[str] = []
    kept, dropped = (timeline.at(1, partial(done.append, name)) for name in ("kept", "dropped"))
    timeline.call_off(dropped)
    timeline.call_off(dropped)
    assert timeline.count(1) == 1
    drain(timeline, 1)
    timeline.call_off(kept)
    assert (done, timeline.next) == (["kept"], None)


def test_calling_off_gives_the_memory_back(timeline: Timeline) -> None:
    for entry in [timeline.at(moment, lambda: None) for moment in range(1_000)]:
        timeline.call_off(entry)
    assert len(timeline._due) <= 1


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())))
def test_everything_happens_once_in_order_of_its_moment_then_of_asking(plan: list[tuple[int, bool]]) -> None:
    timeline = Timeline(lambda: None)
    done: list[int] = []
    entries = [timeline.at(moment, partial(done.append, number)) for number, (moment, _) in enumerate(plan)]
    for entry, (_, dropped) in zip(entries, plan, strict=True):
        if dropped:
            timeline.call_off(entry)
    drain(timeline, 100)
    kept = [(moment, number) for number, (moment, dropped) in enumerate(plan) if not dropped]
    assert done == [number for _, number in sorted(kept)]
