"""Glob patterns: what they cover, beside a matcher too simple to be wrong, and how long the worst ones take."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tpmock.core import glob

#: On a quiet machine the worst takes a tenth of this.
PATIENCE = 2.0


def simply_covers(pattern: str, text: str) -> bool:
    """A path pattern of ``*``, ``**`` and ``?``, by trying everything."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(simply_covers(pattern[2:], text[at:]) for at in range(len(text) + 1))
    if pattern[0] == "*":
        within = text.partition("/")[0]
        return any(simply_covers(pattern[1:], text[at:]) for at in range(len(within) + 1))
    fits = bool(text) and (pattern[0] == text[0] or (pattern[0] == "?" and text[0] != "/"))
    return fits and simply_covers(pattern[1:], text[1:])


@given(st.text("ab/*?", max_size=8), st.text("ab/", max_size=7))
def test_path_patterns_cover_what_a_simple_matcher_covers(pattern: str, text: str) -> None:
    assert glob.of_path(pattern).covers(text) is simply_covers(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "covers"),
    [
        ("/v1/{id}/reviews", "/v1/abc/reviews", True),
        ("/v1/{id}/reviews", "/v1//reviews", False),
        ("/v1/{id}/reviews", "/v1/a/b/reviews", False),
        ("/v1/{a/b}", "/v1/{a/b}", True),
        ("{", "{", True),
        ("**a*b", "a/ab", True),
        ("***", "/a/b", True),
        ("/v1/(x)+.$", "/v1/(x)+.$", True),
        ("*", "Grüße 😀", True),
    ],
)
def test_path_patterns(pattern: str, text: str, covers: bool) -> None:  # noqa: FBT001 - a row of a table
    assert glob.of_path(pattern).covers(text) is covers


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("/" + "*" * 16 + "x", "/" + "a" * 80),
        ("/" + "*a" * 2_000 + "x", "/" + "a" * 60_000),
        ("*" * 4_000, "a" * 16_000),
        ("?*" * 2_000 + "x", "a" * 60_000),
        ("[a-z]*" * 600 + "x", "".join(map(chr, range(1, 50_000)))),
        ("{id}" * 1_000, "a" * 60_000),
    ],
)
def test_the_worst_pattern_takes_no_time_to_speak_of(pattern: str, text: str) -> None:
    for made in (glob.of_path, glob.of_fql):
        begun = time.monotonic()
        made(pattern).covers(text)
        assert time.monotonic() - begun < PATIENCE


def test_what_is_too_long_is_not_covered() -> None:
    assert not glob.of_path("a*" * glob.LONGEST_PATTERN).covers("a")
    assert not glob.of_path("**").covers("a" * (glob.LONGEST_TEXT + 1))
