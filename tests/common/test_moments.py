"""Moments as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tpmock.common.moments import iso, iso_milliseconds, parse_iso


@given(st.floats(0, 4_000_000_000))
def test_moments_survive_being_written_and_read(moment: float) -> None:
    assert parse_iso(iso_milliseconds(moment)) == pytest.approx(moment, abs=0.001)
    assert parse_iso(iso(moment)) == int(moment)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T13:37:00Z",
        "2026-01-31T13:37:00.000+00:00",
        "2026-01-31T13:37:00.000000",
        "2026-01-31T15:37:00+02:00",
    ],
)
def test_every_usual_form_of_a_moment_is_read(text: str) -> None:
    assert iso(parse_iso(text) or 0) == "2026-01-31T13:37:00Z"


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30T00:00:00Z"])
def test_what_is_not_a_date_has_no_moment(text: str) -> None:
    assert parse_iso(text) is None
