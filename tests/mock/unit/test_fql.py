"""The conditions of destination filters: the documented examples, the grammar, and what cannot be read or decided."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tpmock.core import glob
from tpmock.segment import fql

EVENT: dict[str, Any] = {
    "event": "Button Clicked",
    "type": "track",
    "context": {"library": {"name": "analytics.js", "version": "1.0"}},
    "properties": {
        "features": ["discounts", "dark-mode"],
        "total": 27.5,
        "count": 2,
        "gift": False,
        "product 1": {"price": "19.99"},
        "empty": "",
        "nested": {"deep": [1, [2]]},
    },
}


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        ("event = 'Button Clicked'", True),
        ("event = 'Screen Tapped'", False),
        ("context.path.path = '/login'", False),
        ("type = 'identify' or type = 'track'", True),
        ("event = 'Button Clicked' and type = 'track'", True),
        ("match( context.library.version, '1.*' )", True),
        ("match( context.library.version, '2.*' )", False),
        ("type = 'track' and ( event = 'Click' or match( event, 'Button *' ) )", True),
        ("!contains( context.library.name, 'js' )", False),
        ("'dark-mode' in properties.features", True),
        ("'blink' in properties.features", False),
        ("!( type in ['track', 'identify'] )", False),
    ],
)
def test_the_documented_examples(statement: str, holds: bool) -> None:  # noqa: FBT001 - a row of a table
    assert fql.holds(statement, EVENT) is holds


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        ("properties.product\\ 1.price = '19.99'", True),
        ('event = "Button Clicked"', True),
        ("properties.total > 27 and properties.total <= 27.5", True),
        ("properties.count >= 3", False),
        ("properties.count < -1", False),
        ("properties.missing > 3", False),
        ("properties.count = '2'", False),
        ("properties.count != '2'", True),
        ("properties.gift = 0", False),
        ("properties.gift", False),
        ("!properties.gift", True),
        ("!properties.missing", True),
        ("properties.missing = null", True),
        ("properties.features = ['discounts', 'dark-mode']", True),
        ("properties.features = ['dark-mode']", False),
        ("1 in properties.features", False),
        ("'x' in properties.missing", False),
        # and binds more tightly than or.
        ("true or false and false", True),
        ("(true or false) and false", False),
        ("!false and !false", True),
        ("length(properties.features) = 2", True),
        ("length('\u30a2') = 3", True),
        ("length(properties.missing) = 0", True),
        ("lowercase(event) = 'button clicked'", True),
        ("uppercase('a') = 'A' and snakecase('a b') = 'a_b' and kebabcase('a b') = 'a-b'", True),
        ("titlecase('test string') = 'Test String'", True),
        ("lowercase(null) = null", True),
        ("contains(null, 'a') or match(null, '*')", False),
        ("typeof(event) = 'string' and typeof(properties.total) = 'number'", True),
        ("typeof(properties.gift) = 'bool' and typeof(null) = 'null' and typeof([]) = 'list'", True),
        ("bool(properties.empty)", False),
        ("string(properties.count) = '2'", True),
        ("number('2.5') = 2.5", True),
        ("event = 'it\\'s'", False),
    ],
)
def test_the_grammar(statement: str, holds: bool) -> None:  # noqa: FBT001 - a row of a table
    assert fql.holds(statement, EVENT) is holds


@pytest.mark.parametrize(
    "statement",
    [
        *("", "   ", 'userId = oops"', "event =", "= 'x'", "event = 'x", "(event = 'x'", "event = 'x')", "and", "a b"),
        *("nothing(event)", "length()", "length(event, event)", "contains(event)", "[1, 2", "[event]", "event == 'x'"),
        *("event = 'x' or", "!", "type in", "a..b = 1", "\x00", "event & type", "(" * 60 + "true" + ")" * 60),
        "!" * 60 + "true",
        "true" + " or true" * 5_000,
    ],
)
def test_what_is_no_fql_is_an_error_with_a_sentence(statement: str) -> None:
    with pytest.raises(fql.FqlError, match=r"\w"):
        fql.holds(statement, EVENT)


@pytest.mark.parametrize(
    "statement",
    [
        *("event", "1", "event and true", "!event", "length(properties)", "lowercase(properties.total)"),
        *("event > 3", "properties.total > 'x'", "'x' in event", "number('x') = 1", "properties", "[true]"),
    ],
)
def test_what_cannot_be_decided_is_an_error_too(statement: str) -> None:
    with pytest.raises(fql.FqlError):
        fql.holds(statement, EVENT)


@given(st.text(max_size=200) | st.text(alphabet="()[]!='\"\\., andorintrue01<>", max_size=80))
def test_any_text_is_true_false_or_an_error(statement: str) -> None:
    with suppress(fql.FqlError):
        assert fql.holds(statement, EVENT) in (True, False)


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("abcd", "a*d", True),
        ("", "*", True),
        ("abc", "ab", False),
        ("abcd", "a??d", True),
        ("abcd", "*d", True),
        ("ab*d", "ab\\*d", True),
        ("abxd", "ab\\*d", False),
        ("abCd", "ab[cC]d", True),
        ("abcd", "ab[a-z]d", True),
        ("abcd", "ab[A-Z]d", False),
        ("a]", "a]", True),
        ("a[", "a[", True),
        ("a-", "a[-]", True),
        ("line\nbreak", "line*", True),
        ("abc", "abc?", False),
        ("", "", True),
    ],
)
def test_globs(text: str, pattern: str, matches: bool) -> None:  # noqa: FBT001 - a row of a table
    assert glob.of_fql(pattern).covers(text) is matches


@pytest.mark.parametrize("word", ["or", "and"])
def test_a_chain_as_long_as_a_statement_may_be_is_decided(word: str) -> None:
    value, last = ("false", "true") if word == "or" else ("true", "false")
    side = f"{value} {word} "
    chain = side * ((fql.LONGEST - len(last)) // len(side)) + last
    assert fql.holds(chain, {}) is (last == "true")


@pytest.mark.parametrize(
    "statement",
    [
        "(" * 5_000,
        "!" * 5_000 + "a",
        "not" * 3_000,
        "a = " + "9" * 9_000,
        "a = " + "9" * 4_000 + ".5",
        "[" * 5_000,
        "length(" * 1_000,
        "a." * 4_000,
        "'" + "\\'" * 4_000,
        "match(a, '" + "*" * 9_000 + "')",
    ],
)
def test_hostile_statements_are_decided_or_refused(statement: str) -> None:
    assert decided(statement, {"a": "a" * 16_000}) in ("true", "false", "refused")


def decided(statement: str, event: dict[str, str]) -> str:
    try:
        return "true" if fql.holds(statement, event) else "false"
    except fql.FqlError:
        return "refused"
