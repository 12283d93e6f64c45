"""The sandbox's own time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tpmock.common.durations import seconds
from tpmock.core.clock import Clock


class Real:
    """Real time, under the test's control."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def real() -> Real:
    return Real()


@pytest.fixture
def clock(real: Real) -> Clock:
    return Clock(real)


def test_it_runs_with_real_time_plus_an_offset(clock: Clock, real: Real) -> None:
    clock.move_to(clock.now() + 500)
    real.now += 10
    assert clock.now() == 1_000_510


def test_frozen_it_stands_and_still_can_be_moved(clock: Clock, real: Real) -> None:
    clock.freeze()
    real.now += 10
    assert clock.now() == 1_000_000
    clock.move_to(1_000_050)
    assert clock.now() == 1_000_050


def test_resumed_it_runs_on_from_where_it_stood(clock: Clock, real: Real) -> None:
    clock.freeze()
    real.now += 10
    clock.resume()
    real.now += 1
    assert clock.now() == 1_000_001


def test_it_never_runs_back(clock: Clock) -> None:
    clock.move_to(0)
    assert clock.now() == 1_000_000


def test_the_real_wait_for_a_moment(clock: Clock) -> None:
    assert clock.real_wait(1_000_030) == 30
    assert clock.real_wait(1) == 0
    clock.freeze()
    assert clock.real_wait(1_000_030) is None
    assert clock.real_wait(1_000_000) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("P7D", 604_800), ("PT101H", 363_600), ("P1DT1H", 90_000), ("P2W", 1_209_600), ("PT0.5S", 0.5)),
        *(("7d", 604_800), ("101h", 363_600), ("30m", 1_800), ("45s", 45), ("300ms", 0.3), ("1.5h", 5_400)),
    ],
)
def test_durations_are_read_in_both_forms(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_sentence(text: str) -> None:
    try:
        assert seconds(text) >= 0
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either outcome is fine, silence is not
