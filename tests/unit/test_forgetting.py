"""A person is taken out of texts in every spelling, and nobody else with them."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.forgetting import TOKEN, Eraser, Person

GRACE = Person(frozenset({"grace+tag@example.com"}), frozenset({"Grace O'Hopper"}), frozenset({"customer-1"}))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("grace+tag@example.com", TOKEN),
        ("Write to Grace+Tag@Example.COM.", f"Write to {TOKEN}."),
        ('{"to":"grace\\u002btag\\u0040example.com"}', f'{{"to":"{TOKEN}"}}'),
        ('{"a":"grace+tag\\u0040example.com","b":"grace+tag@example.com"}', f'{{"a":"{TOKEN}","b":"{TOKEN}"}}'),
        ('{"text":"Hello\\ngrace+tag@example.com"}', f'{{"text":"Hello\\n{TOKEN}"}}'),
        (f"https://x.test/?email={quote_plus('grace+tag@example.com')}&a=1", f"https://x.test/?email={TOKEN}&a=1"),
        (f"https://x.test/{quote('grace+tag@example.com', safe='')}/", f"https://x.test/{TOKEN}/"),
        (urlencode({"q": '"grace+tag@example.com"'}), f"q=%22{TOKEN}%22"),
        ("Dear Grace O&#x27;Hopper", f"Dear {TOKEN}"),
        ("name=Grace+O%27Hopper&b=2", f"name={TOKEN}&b=2"),
        ("Grace wrote; O'Hopper answered", f"{TOKEN} wrote; {TOKEN} answered"),
        # Others, and a backslash that JSON means as one.
        ("xgrace+tag@example.com", "xgrace+tag@example.com"),
        ("grace+tag@example.com.au", "grace+tag@example.com.au"),
        ("grace+tag@example.community", "grace+tag@example.community"),
        ("Gracefully, disgrace", "Gracefully, disgrace"),
        ('{"a":"\\\\u0040 grace"}', '{"a":"\\\\u0040 grace"}'),
    ],
)
def test_a_text(text: str, left: str) -> None:
    assert Eraser(GRACE).text(text) == left
    assert Eraser(GRACE).content(text.encode()) == left.encode()


def test_a_pixel_hides_nothing() -> None:
    message = {"userId": "u", "traits": {"email": "grace+tag@example.com"}}
    packed = base64.b64encode(json.dumps(message).encode()).decode()
    for form in (quote_plus(packed), packed.rstrip("="), packed.translate({43: "-", 47: "_"})):
        url = f"https://x.test/v1/pixel/track?data={form}&z=1"
        assert Eraser(GRACE).about(url)
        assert Eraser(GRACE).url(url) == f"https://x.test/v1/pixel/track?data={TOKEN}&z=1"


def test_bytes_that_are_no_text_stay() -> None:
    assert Eraser(GRACE).content(b"\xff\xfe grace+tag@example.com") == b"\xff\xfe " + TOKEN.encode()


def test_a_value_without_them_is_the_very_same() -> None:
    value = {"a": ["b", 1, None, {"Graceful": "grace@example.com"}]}
    assert Eraser(GRACE).json(value) is value
    assert Eraser(GRACE).json({"Grace": ["grace+tag@example.com", 1]}) == {TOKEN: [TOKEN, 1]}


def test_who_is_nobody_is_nowhere() -> None:
    nobody = Eraser(Person())
    assert not nobody.about("", "anything@example.com")
    assert nobody.text("anything@example.com") == "anything@example.com"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"properties": {"email": "ada@example.com", "name": "Ada", "Sur_Name": "Byron"}}, {"Ada", "Byron"}),
        ({"traits": {"email": "ADA@example.com", "firstName": "Ada"}, "name": "A page"}, {"Ada"}),
        ({"properties": {"customer": {"e-mail": "ada@example.com", "last name": "Byron"}}}, {"Byron"}),
        ({"context": {"traits": {"email": "ada@example.com"}, "app": {"name": "Shop"}}}, set()),
        ({"properties": {"email": "ada@example.com", "products": [{"name": "Teapot"}]}}, set()),
        ({"consumerEmail": "ada@example.com", "consumerName": "Ada Byron"}, {"Ada Byron"}),
        ({"email": "ada@example.com", "name": "Ada Byron"}, {"Ada Byron"}),
        (
            {"batch": [{"traits": {"email": "b@example.com", "name": "Bo"}}, {"traits": {"email": "ada@example.com"}}]},
            set(),
        ),
        ({"userId": "u-1", "traits": {"name": "Ada"}}, {"Ada"}),
        ({"userId": ["u-1"], "traits": {"name": "Ada"}}, set()),
        ({"properties": {"email": "bo@example.com", "name": "Bo"}}, set()),
        ({"properties": ["ada@example.com"], "context": 7, "traits": None}, set()),
        ("ada@example.com", set()),
    ],
)
def test_names_are_learned_where_a_message_speaks_of_the_person(value: Any, names: set[str]) -> None:
    ada = Person(frozenset({"ada@example.com"}), ids=frozenset({"u-1"}))
    assert ada.known_by(value).names == names


def test_an_id_leads_to_addresses() -> None:
    known = Person(ids=frozenset({"u-1"})).known_by({"userId": "u-1", "traits": {"email": "Ada@Example.com"}})
    assert known.addresses == {"ada@example.com"}


_LOCAL = st.text("abcdefgh.+_-'", min_size=1, max_size=12)


@given(local=_LOCAL, before=st.sampled_from(["", " ", '"', "<", "\n", "%"]), deep=st.booleans())
def test_whatever_the_address_and_the_spelling_nothing_is_left(local: str, before: str, deep: bool) -> None:  # noqa: FBT001
    address = f"{local}@example.com"
    eraser = Eraser(Person(frozenset({address})))
    value = {"x": f"{before}{address}", "y": [{"z": address}] if deep else 1}
    for text in (
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        f"https://x.test/?{urlencode({'q': value['x']})}",
        f"https://x.test/{quote(str(value['x']), safe='')}",
    ):
        assert eraser.about(text)
        assert local + "@" not in eraser.text(text)
        assert not eraser.about(eraser.url(text))
