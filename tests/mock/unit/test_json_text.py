"""Two readers of JSON, one meaning: the fast one must not see anything that the other one does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tpmock.core.json_text import from_json

_DIGITS = st.text("0123456789", min_size=1, max_size=40)
_NUMBERS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    _DIGITS,
    st.one_of(st.just(""), _DIGITS.map(".{}".format)),
    st.one_of(st.just(""), st.builds("e{}{}".format, st.sampled_from(["", "+", "-"]), st.integers(0, 330))),
)
_PIECES = [*'{}[]",:\\/u019aeE.+- \t\n\r\v\0\x7f', "\u00e9", "\ud800", "true", "NaN", "\ufeff"]
_NEARLY_JSON = st.lists(st.sampled_from(_PIECES))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
_TEXTS = st.one_of(
    _NUMBERS.map(str.encode),
    _NEARLY_JSON.map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass")),
    _VALUES.map(lambda value: json.dumps(value).encode()),
    _VALUES.map(lambda value: json.dumps(value).encode("utf-16")),
    st.binary(max_size=20),
)


def _outcome(read: Callable[[bytes], Any], text: bytes) -> str:
    """repr tells -0.0 from 0, 1.0 from 1, and keeps the order of members."""
    try:
        return repr(read(text))
    except ValueError:
        return "refused"


def _as_json_reads(text: bytes) -> Any:
    return json.loads(text.decode(json.detect_encoding(text), "surrogatepass"), parse_constant=_refuse)


def _refuse(text: str) -> Any:
    raise ValueError(text)


@given(_TEXTS)
@example(b'{"a": 1, "a": 2}')
@example(b"18446744073709551616")
@example(b"1e400")
@example(b"-0")
@example(b'"\\ud800"')
@example(b'"\xed\xa0\x80"')
@example(b'"\xff"')
@example(b"\xef\xbb\xbf{}")
def test_what_is_read_is_what_json_reads(text: bytes) -> None:
    assert _outcome(from_json, text) == _outcome(_as_json_reads, text)


@pytest.mark.parametrize(("text", "value"), [(b"4.0", 4), (b"4.5", 4.5), (b'{"a": [1e2]}', {"a": [100]})])
def test_typed_numbers_are_integers_where_they_are_whole(text: bytes, value: object) -> None:
    assert repr(from_json(text, typed=True)) == repr(value)


def test_what_nests_too_deep_ends() -> None:
    with pytest.raises(RecursionError):
        from_json(b"[" * 100_000)
