"""How values are shown."""

from __future__ import annotations

import pytest
from tpmock.console.filters import duration, target, until

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "no time"),
        (0, "no time"),
        (0.4, "1 minute"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (HOUR - 1, "60 minutes"),
        (HOUR, "1 hour"),
        (HOUR + 1, "1 hour 1 minute"),
        (2 * HOUR - 1, "2 hours"),
        (100 * HOUR, "4 days 4 hours"),
        (7 * DAY, "7 days"),
        (DAY + 1, "1 day 1 hour"),
        (2 * DAY - 1, "2 days"),
        (1000 * DAY, "1,000 days"),
    ],
)
def test_spans_are_told_in_two_units_rounded_up(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_how_long_it_is_until_a_moment() -> None:
    assert until("2026-01-31T13:37:00Z", "2026-01-31T13:35:30.5Z") == "2 minutes"


def test_what_came_in_went_to_a_path_and_what_went_out_to_an_address() -> None:
    url = "http://localhost:8080/v1/track?a=b"
    assert target({"url": url, "direction": "in"}) == "/v1/track?a=b"
    assert target({"url": url, "direction": "out"}) == url
    assert len(target({"url": url + "x" * 5000, "direction": "out"})) < 200
