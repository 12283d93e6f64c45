"""Which faults are refused: each limit at its edge, and each combination that cannot be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import pytest
from tpmock.faults.effects import Effect, Kind, usual
from tpmock.faults.model import Match, Script
from tpmock.faults.validation import checked

STATUS: Final = usual("status", 503)


def script(effect: Effect = STATUS, match: Match | None = None, **ends: Any) -> Script:
    return Script(match=match or Match(operations=("findBusinessUnit",)), effect=effect, **ends)


def test_a_fault_applies_once_unless_it_says_otherwise() -> None:
    made = script()
    assert (made.count, made.probability, made.lasts, made.match.nth) == (1, 1.0, None, 1)


RIGHT: Final = [
    script(count=1),
    script(count=1_000_000),
    script(count=None),
    script(probability=0.000001),
    script(probability=1.0),
    script(lasts=0.001),
    script(match=Match(nth=1)),
    script(match=Match(nth=1_000_000)),
    script(match=Match(path="/v1/**", method="DELETE")),
    script(match=Match(body=(("/consumer/email", "a"), ("order.id", "1")), headers=(("X-Shop", "7"),))),
    script(usual("status", 400)),
    script(usual("status", 599)),
    script(replace(STATUS, shape="html")),
    script(replace(STATUS, retry_after=0)),
    script(replace(STATUS, retry_after=86_400)),
    script(replace(STATUS, delay=30.0)),
    script(replace(usual("delay"), delay=0.001)),
    script(replace(usual("timeout"), hold=30.0)),
    script(replace(usual("drip"), rate=1)),
    script(replace(usual("drip"), rate=1_000_000)),
    script(replace(usual("cut"), when="after")),
    script(usual("token-revoked"), Match(operations=("createEmailInvitations",))),
    script(usual("status", 503), Match(operations=("deliver",))),
]


@pytest.mark.parametrize("made", RIGHT)
def test_what_is_within_the_limits_is_accepted(made: Script) -> None:
    assert checked(made) is made


WRONG: Final = [
    (script(count=0), "1 to 1,000,000 requests, not 0"),
    (script(count=1_000_001), "1 to 1,000,000 requests, not 1000001"),
    (script(probability=0.0), "above 0 and at most 1"),
    (script(probability=1.000001), "above 0 and at most 1"),
    (script(lasts=0.0), "longer than no time"),
    (script(lasts=-1.0), "longer than no time"),
    (script(match=Match(nth=0)), "from 1 to 1,000,000, not from 0"),
    (script(match=Match(nth=1_000_001)), "from 1 to 1,000,000, not from 1000001"),
    (script(match=Match(path="v1")), "begins with /"),
    (script(match=Match(path="/v1 /x")), "holds no blanks"),
    (script(match=Match(method="HEAD")), "method 'HEAD' is none of GET"),
    (script(match=Match(body=(("a", "1"), ("a b", "1")))), "'a b' is not the place of a body member"),
    (script(match=Match(headers=(("X-Shop", "7"), ("X Shop", "7")))), "'X Shop' is not a valid header name"),
    (script(usual("status", 399)), "a status is from 400 to 599, not 399"),
    (script(usual("status", 600)), "a status is from 400 to 599, not 600"),
    (script(replace(STATUS, shape="xml")), "'xml' is not a form"),
    (script(replace(usual("cut"), status=503)), "cut goes with no status"),
    (script(replace(usual("cut"), shape="html")), "cut goes with no status"),
    (script(replace(usual("broken-json"), when="before")), "always strikes after"),
    (script(replace(STATUS, retry_after=-1)), "Retry-After is 0 to 86,400"),
    (script(replace(STATUS, retry_after=86_401)), "Retry-After is 0 to 86,400"),
    (script(replace(usual("cut"), retry_after=1)), "Retry-After goes with a status"),
    (script(replace(STATUS, delay=30.001)), "delay: 30.001 s is longer than 30 s"),
    (script(replace(STATUS, delay=-0.5)), "delay: -0.5 s"),
    (script(replace(usual("timeout"), hold=30.001)), "timeout: 30.001 s is longer than 30 s"),
    (script(replace(usual("timeout"), hold=0.0)), "timeout needs a time above zero"),
    (script(replace(usual("delay"), delay=0.0)), "delay needs a time above zero"),
    (script(replace(usual("cut"), hold=1.0)), "cut lasts no time"),
    (script(replace(usual("drip"), rate=0)), "1 to 1,000,000 bytes a second, not 0"),
    (script(replace(usual("drip"), rate=1_000_001)), "1 to 1,000,000 bytes a second, not 1000001"),
    (script(replace(usual("cut"), rate=1)), "bytes a second go with drip"),
    (script(usual("token-revoked"), Match(operations=("createAccessToken",))), "createAccessToken needs none"),
    (script(usual("refused"), Match()), "strikes what goes out: name"),
    (script(usual("refused")), "not findBusinessUnit; what can go wrong there: "),
    (script(usual("drip"), Match(operations=("deliver",))), "not deliver"),
    (script(replace(STATUS, delay=1.0), Match(operations=("deliver",))), "deliver cannot be delayed"),
    (script(replace(STATUS, shape="gateway"), Match(operations=("track",))), "the form gateway is Trustpilot's"),
    (script(match=Match(operations=("findBusinessUnit", "deliver")), effect=usual("drip")), "not deliver"),
]


@pytest.mark.parametrize(("made", "why"), WRONG, ids=[why for _, why in WRONG])
def test_what_cannot_be_is_refused_with_the_reason(made: Script, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        checked(made)


# --- kinds ------------------------------------------------------------------------------------------------------------


def kind(**members: Any) -> Kind:
    return Kind(name="late-again", meaning="An example.", **members)


@pytest.mark.parametrize(
    ("members", "whens"),
    [
        ({"stage": "spoil", "rooms": ["trustpilot"]}, ("after",)),
        ({"stage": "silence", "rooms": ["trustpilot"]}, ("before", "after")),
        ({"stage": "silence", "rooms": ["trustpilot"], "whens": ["after"]}, ("after",)),
        ({"stage": "replace", "rooms": ["trustpilot", "out"], "status": 503}, ("before", "after")),
        ({"stage": "send", "rooms": ["out"], "code": "ECONNRESET"}, ("before", "after")),
    ],
)
def test_a_kind_says_to_which_calls_and_when_it_can_apply(members: dict[str, Any], whens: tuple[str, ...]) -> None:
    made = kind(**members)
    assert (made.rooms, made.whens) == (tuple(members["rooms"]), whens)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"stage": "replace"}, "an answer is replaced by a status"),
        ({"stage": "spoil", "status": 503}, "an answer is replaced by a status"),
        ({"stage": "send"}, "the stage send is for what goes out"),
        ({"stage": "silence", "rooms": ["out"], "code": "ECONNRESET"}, "the stage send is for what goes out"),
        ({"stage": "silence", "rooms": ["trustpilot", "out"]}, "has a status or an error code"),
        ({"stage": "send", "rooms": ["out"]}, "has a status or an error code"),
    ],
)
def test_a_kind_that_nothing_could_carry_out_is_refused(members: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        kind(**members)
