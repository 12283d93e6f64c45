"""What is due, in order."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tpmock.core.timeline import Timeline


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def timeline(woken: list[str]) -> Timeline:
    return Timeline(partial(woken.append, "earlier"))


def drain(timeline: Timeline, until: float) -> list[str]:
    happened = []
    while (due := timeline.pop(until)) is not None:
        happened.append(due.subject)
    return happened


def test_only_something_earlier_than_all_wakes(timeline: Timeline, woken: list[str]) -> None:
    for moment in (5, 7, 3):
        timeline.at(moment, "act", "it")
    assert len(woken) == 2


def test_what_is_called_off_does_not_happen(timeline: Timeline) -> None:
    kept, dropped = (timeline.at(1, "act", name) for name in ("kept", "dropped"))
    timeline.cancel(dropped)
    timeline.cancel(dropped)
    assert (timeline.count(1), timeline.waits(kept), timeline.waits(dropped)) == (1, True, False)
    assert drain(timeline, 1) == ["kept"]
    timeline.cancel(kept)
    assert timeline.next is None


def test_calling_off_gives_the_memory_back(timeline: Timeline) -> None:
    for number in [timeline.at(moment, "act", "it") for moment in range(1_000)]:
        timeline.cancel(number)
    assert len(timeline._heap) <= 1


def test_what_was_under_way_when_the_state_was_kept_is_due_again(timeline: Timeline) -> None:
    for name in ("posted", "waiting", "later"):
        timeline.at(1 if name == "posted" else 2, "act", name)
    posted = timeline.pop(1)
    assert posted is not None
    timeline.started(posted)
    again = Timeline(lambda: None, timeline.state())
    assert again.at(2, "act", "new") > posted.number
    assert drain(again, 2) == ["posted", "waiting", "later", "new"]
    timeline.finished(posted)
    assert drain(Timeline(lambda: None, timeline.state()), 2) == ["waiting", "later"]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())))
def test_everything_happens_once_in_order_of_its_moment_then_of_asking(plan: list[tuple[int, bool]]) -> None:
    timeline = Timeline(lambda: None)
    numbers = [timeline.at(moment, "act", str(index)) for index, (moment, _) in enumerate(plan)]
    for number, (_, dropped) in zip(numbers, plan, strict=True):
        if dropped:
            timeline.cancel(number)
    expected = [index for index, (_, dropped) in enumerate(plan) if not dropped]
    upcoming = [int(due.subject) for due in timeline.upcoming()]
    assert upcoming == sorted(expected, key=lambda index: plan[index][0])
    assert [int(subject) for subject in drain(timeline, 100)] == upcoming
