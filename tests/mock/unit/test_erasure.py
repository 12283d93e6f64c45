"""A person is removed from texts in every spelling, and no other person is."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tpmock.journal.erasure import TOKEN, Person, Redactor
from tpmock.journal.spellings import spellings

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
    assert Redactor(GRACE).text(text) == left
    assert Redactor(GRACE).content(text.encode()) == left.encode()


def test_a_pixel_hides_nothing() -> None:
    message = {"userId": "u", "traits": {"email": "grace+tag@example.com"}}
    packed = base64.b64encode(json.dumps(message).encode()).decode()
    for form in (quote_plus(packed), packed.rstrip("="), packed.translate({43: "-", 47: "_"})):
        url = f"https://x.test/v1/pixel/track?data={form}&z=1"
        assert Redactor(GRACE).about(url)
        assert Redactor(GRACE).url(url) == f"https://x.test/v1/pixel/track?data={TOKEN}&z=1"


def test_bytes_that_are_no_text_stay() -> None:
    assert Redactor(GRACE).content(b"\xff\xfe grace+tag@example.com") == b"\xff\xfe " + TOKEN.encode()


def test_a_value_without_them_is_the_very_same() -> None:
    value = {"a": ["b", 1, None, {"Graceful": "grace@example.com"}]}
    assert Redactor(GRACE).json(value) is value
    assert Redactor(GRACE).json({"Grace": ["grace+tag@example.com", 1]}) == {TOKEN: [TOKEN, 1]}


def test_who_is_nobody_is_nowhere() -> None:
    nobody = Redactor(Person())
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
    redactor = Redactor(Person(frozenset({address})))
    value = {"x": f"{before}{address}", "y": [{"z": address}] if deep else 1}
    for text in (
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        f"https://x.test/?{urlencode({'q': value['x']})}",
        f"https://x.test/{quote(str(value['x']), safe='')}",
    ):
        assert redactor.about(text)
        assert local + "@" not in redactor.text(text)
        assert not redactor.about(redactor.url(text))


@pytest.mark.parametrize("names", [("Al", "Al-Rashid"), ("Al-Rashid", "Al"), ("Al", "Ali", "Al-Rashid", "Alison")])
def test_of_names_that_begin_alike_the_longest_is_taken(names: tuple[str, ...]) -> None:
    text = "Al-Rashid, Al, Alice, al"
    assert Redactor(Person(names=frozenset(names))).text(text) == f"{TOKEN}, {TOKEN}, Alice, al"


def test_of_addresses_that_begin_alike_the_right_one_is_taken() -> None:
    redactor = Redactor(Person(frozenset({"a@example.com", "ab@example.com", "b@a.example.com"})))
    assert redactor.text("AB@example.com a@example.com c@example.com") == f"{TOKEN} {TOKEN} c@example.com"
    assert [redactor.about(f"<{one}@example.com>") for one in ("a", "AB", "c")] == [True, True, False]


def test_an_empty_address_is_nobody() -> None:
    assert not Redactor(Person(frozenset({""}))).about("anything@example.com")


_ADDRESS = st.one_of(
    st.builds("{}@{}".format, _LOCAL, st.sampled_from(["example.com", "example.com@example.test", "a.test"])),
    st.text("ab@%40", min_size=1, max_size=6),
)
_ID = st.text('ab"\\é', min_size=1, max_size=4)


@settings(max_examples=50)
@given(st.sets(_ADDRESS, max_size=6), st.sets(_ID, max_size=3), st.data())
def test_a_person_is_found_as_by_looking_for_each_spelling(
    addresses: set[str], ids: set[str], data: st.DataObject
) -> None:
    redactor = Redactor(Person(frozenset(addresses), ids=frozenset(ids)))
    some = [form for address in addresses for form in spellings(address)] + [json.dumps(one) for one in ids]
    parts = st.one_of(st.sampled_from([*some, "nobody@example.com", '"b"']), st.text('ab@%40". \n', max_size=6))
    records = data.draw(st.lists(st.lists(parts, max_size=4).map("".join), max_size=40))

    def named(text: str) -> bool:
        spelled = {form.lower() for address in addresses for form in spellings(address)}
        quoted = {json.dumps(one, ensure_ascii=ascii_only) for one in ids for ascii_only in (True, False)}
        return any(form in text.lower() for form in spelled) or any(one in text for one in quoted)

    found = [record for record in records if named(record)]
    assert [record for record in records if redactor.about(record)] == found
    assert redactor.among(records, lambda record: (record,)) == found


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, and generators resumed, until something is done."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_to_look_for_many_takes_no_longer_than_for_one() -> None:
    records = [
        json.dumps({"userId": f"u-{number}", "email": f"shopper{number}@example.com", "again": f"s{number}%40a.test"})
        for number in range(2_000)
    ]

    def effort(people: int) -> int:
        addresses = frozenset(f"buyer{number}@example.com" for number in range(people))
        redactor = Redactor(Person(addresses, ids=frozenset(f"b-{number}" for number in range(people))))
        assert redactor.among(records, lambda record: (record,)) == []
        return calls_of(lambda: redactor.among(records, lambda record: (record,)))

    assert effort(1_000) < 1.5 * effort(1)
