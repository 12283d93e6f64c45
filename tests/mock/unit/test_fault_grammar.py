"""A fault in one line: what is written is read back, and what cannot be read is explained."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from tpmock.faults import KINDS, Effect, Kind, Match, Script
from tpmock.faults.effects import OUT, SHAPES, TRUSTPILOT, VENDOR_SHAPES, usual
from tpmock.faults.grammar import example, modifiers, parse, write
from tpmock.faults.model import as_text, member
from tpmock.faults.names import OUTGOING, private, rooms
from tpmock.faults.validation import METHODS, checked

WORDS = st.text(st.characters(exclude_categories=["C"]), max_size=20)
PLACES = st.from_regex(r"[^\s=\x00-\x1f]{1,20}", fullmatch=True)
TIMES = st.integers(1, 30_000).map(lambda milliseconds: milliseconds / 1000)


def meeting(kind: Kind, *, vendor: bool) -> list[str]:
    """The operations that a kind can strike."""
    found = [name for name, room in rooms().items() if room in kind.rooms and (room == TRUSTPILOT or not vendor)]
    return [name for name in found if name in private()] if kind.name == "token-revoked" else found


@st.composite
def effects(draw: st.DrawFn, kind: Kind) -> Effect:
    changes: dict[str, object] = {"when": draw(st.sampled_from(kind.whens))}
    if kind.name == "status":
        changes["shape"] = draw(st.none() | st.sampled_from(SHAPES))
        changes["retry_after"] = draw(st.none() | st.integers(0, 86_400))
    if kind.takes == "rate":
        changes["rate"] = draw(st.integers(1, 1_000_000))
    elif kind.takes == "duration" and kind.name != "delay":
        changes["hold"] = draw(TIMES)
    if kind.name == "delay" or draw(st.booleans()):
        changes["delay"] = draw(TIMES)
    return replace(usual(kind.name, draw(st.integers(400, 599))), **changes)  # type: ignore[arg-type]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    effect = draw(effects(kind))
    known = meeting(kind, vendor=effect.shape in VENDOR_SHAPES)
    fewest = 1 if kind.rooms == (OUT,) else 0
    operations = draw(st.lists(st.sampled_from(known), min_size=fewest, max_size=3, unique=True))
    if any(name in OUTGOING for name in operations):
        # Outgoing requests cannot be delayed.
        effect = replace(effect, delay=0.0)
    return Script(
        match=Match(
            operations=tuple(operations),
            method=draw(st.none() | st.sampled_from(METHODS)),
            path=draw(st.none() | st.from_regex(r"/[a-z0-9/*?{}'\"\\#$-]{0,30}", fullmatch=True)),
            body=draw(st.lists(st.tuples(PLACES, WORDS), max_size=2).map(tuple)),
            headers=draw(st.lists(st.tuples(st.sampled_from(["X-Shop", "accept"]), WORDS), max_size=2).map(tuple)),
            nth=draw(st.integers(1, 1000)),
        ),
        effect=effect,
        count=draw(st.none() | st.integers(1, 1_000_000)),
        probability=draw(st.just(1.0) | st.integers(1, 9_999).map(lambda number: number / 10_000)),
        lasts=draw(st.none() | st.integers(1, 10_000_000).map(lambda milliseconds: milliseconds / 1000)),
    )


@given(scripts())
def test_what_is_written_is_read_back(script: Script) -> None:
    assert checked(script) is script
    assert parse(write(script)) == script
    assert write(parse(write(script))) == write(script)


@given(st.text(max_size=60) | st.lists(st.sampled_from([*modifiers(), *KINDS, "find", "any", "/v1/**"])).map(" ".join))
def test_any_line_is_read_or_explained(line: str) -> None:
    try:
        script = parse(line)
    except ValueError as error:
        event(str(error)[:20])
        return
    assert parse(write(script)) == script


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("email-invitations 429 x2 then ok", "createEmailInvitations 429 x2"),
        ("createEmailInvitations timeout x2 then ok", "createEmailInvitations timeout x2"),
        ("find delay 2s for 5m", "findBusinessUnit delay 2s for 300s"),
        ("deliver refused x3", "deliver refused x3"),
        ("email-invitations cut-body after", "createEmailInvitations cut-body"),
        ("ACCESSTOKEN 503 as Gateway", "createAccessToken 503 as gateway"),
        ("find,track 500 30% from 3rd always", "findBusinessUnit,track 500 from 3 30%"),
        ("any POST /v1/** CUT after", "POST /v1/** cut after"),
        ("find drip 5", "findBusinessUnit drip 5"),
        ("find drip 30%", "findBusinessUnit drip 30%"),
        ("find stall x2", "findBusinessUnit stall x2"),
        ("any 503 where 'name=Ada Example'", "any 503 where 'name=Ada Example'"),
    ],
)
def test_a_line_has_one_way_to_be_written(line: str, written: str) -> None:
    assert write(parse(line)) == written


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "needs words"),
        ("find", "what goes wrong is missing"),
        ("429 x2", "before it comes with which calls"),
        ("cut", "before it comes with which calls"),
        ("fnd 429", "did you mean find?"),
        ("find 42", "from 400 to 599"),
        ("find 429 x0", "1 to 1,000,000"),
        ("find 429 x2 x3", "repeats an earlier word"),
        ("find 429 x2 always", "repeats an earlier word"),
        ("find delay 1s delay 2s", "repeats an earlier word"),
        ("find delay 31s", "longer than 30 s"),
        ("find delay 0s", "above zero"),
        ("find 429 for", "a duration such as 5m"),
        ("find 429 for soon", "'soon' is not a duration"),
        ("find 429 from last", "the number of a call"),
        ("find 429 0%", "above 0"),
        ("find 429 101%", "at most 1 (100%)"),
        ("find 429 as xml", "gateway, api, token, html, empty"),
        ("find 429 retry-after soon", "number of seconds"),
        ("find 429 where consumerEmail", "a condition such as"),
        ("find 429 then 500", "add a second fault"),
        ("find 429 then ok x2", "ends the line"),
        ("find 429 twice", "These words may follow an effect: x2, always"),
        ("find 429 afer", "did you mean after?"),
        ("find 'x", "quotation mark"),
        ("reviews 500", "listServiceReviews"),
        ("any dns", "name deliver or webhook"),
        ("find html x2 as api", "goes with no status and no form"),
        ("deliver 503 delay 1s", "cannot be delayed: use timeout"),
    ],
)
def test_a_mistake_is_explained(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse(line)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_example_of_every_kind_can_be_read(kind: Kind) -> None:
    where = "deliver" if kind.rooms == (OUT,) else "email-invitations"
    assert parse(f"{where} {example(kind)}").effect == usual(kind.name, 429)


@pytest.mark.parametrize("modifier", modifiers())
def test_every_modifier_that_is_listed_can_be_read(modifier: str) -> None:
    parse(f"find 503 {modifier}")


@pytest.mark.parametrize("outgoing", OUTGOING)
def test_what_goes_out_can_be_named(outgoing: str) -> None:
    assert parse(f"{outgoing} timeout").match.operations == (outgoing,)


BODY = {"a": {"b": [{"c": 1}, True]}, "x/y": {"~": "z"}, "n": None, "f": 1.5}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.b.0.c", "1"),
        ("/a/b/1", "true"),
        ("/x~1y/~0", "z"),
        ("f", "1.5"),
        ("n", None),
        ("a.b", None),
        ("a.b.2", None),
        ("a.b.c", None),
        ("nothing.at.all", None),
    ],
)
def test_a_place_in_a_body_is_found_and_compared_as_text(path: str, text: str | None) -> None:
    assert as_text(member(BODY, path)) == text
