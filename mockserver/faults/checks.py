"""What fits together in a fault and what does not, each refusal a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mockserver.faults.effects import (
    FASTEST_DRIP,
    KINDS,
    LONGEST_RETRY_AFTER,
    LONGEST_WAIT,
    OUT,
    SERVED,
    SHAPES,
    STATUSES,
    TRUSTPILOT,
    VENDOR_SHAPES,
    Effect,
    Kind,
    Room,
    number,
)
from mockserver.faults.matching import Match
from mockserver.faults.model import Script
from mockserver.faults.names import OUTGOING, private, rooms

#: More strikes than this nobody counts.
MOST: Final = 1_000_000
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: Whose calls a kind strikes, in words.
_SCOPES: Final[Mapping[tuple[Room, ...], str]] = {
    (TRUSTPILOT,): "calls of Trustpilot",
    SERVED: "calls that come in",
    (OUT,): f"what goes out ({' and '.join(OUTGOING)})",
}
_KEY = re.compile(r"[^\s=]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def checked(script: Script) -> Script:
    """The same, once it is known to make sense.

    :raises ValueError: with a sentence that says what does not, and what does
    """
    for complaint in _complaints(script):
        raise ValueError(complaint)
    return script


def _complaints(script: Script) -> Iterator[str]:
    kind = KINDS[script.effect.kind]
    yield from _of_match(script.match)
    yield from _of_meeting(script.match, script.effect, kind)
    yield from _of_effect(script.effect, kind)
    yield from _of_time(script.effect, kind)
    if script.count is not None and not 1 <= script.count <= MOST:
        yield f"a fault strikes 1 to {MOST:,} calls, not {script.count}"
    if not 0 < script.probability <= 1:
        yield f"a probability is above 0 and at most 1 (100%), not {number(script.probability)}"
    if script.lasts is not None and script.lasts <= 0:
        yield "a fault lasts longer than no time at all"


def _of_match(match: Match) -> Iterator[str]:
    if match.path is not None and not re.fullmatch(r"/\S*", match.path):
        yield f"a path pattern begins with / and holds no blanks, unlike {match.path!r}"
    if match.method is not None and match.method not in METHODS:
        yield f"method {match.method!r} is none of {', '.join(METHODS)}"
    if not 1 <= match.nth <= MOST:
        yield f"calls are counted from 1 to {MOST:,}, not from {match.nth}"
    for path, _ in match.body:
        if not _KEY.fullmatch(path):
            yield f"{path!r} is no place in a body: write consumerEmail, consumer.email or /consumer/email"
    for name, _ in match.headers:
        if not _HEADER.fullmatch(name):
            yield f"{name!r} is no name of a header"


def _of_meeting(match: Match, effect: Effect, kind: Kind) -> Iterator[str]:
    """Whether such a thing can happen to such a call."""
    if not match.operations and kind.rooms == (OUT,):
        yield f"{kind.name} strikes what goes out: name {' or '.join(OUTGOING)}"
    for name in match.operations:
        room = rooms()[name]
        if room not in kind.rooms:
            others = ", ".join(other.name for other in KINDS.values() if room in other.rooms)
            yield f"{kind.name} strikes {_SCOPES[kind.rooms]}, not {name}; what can go wrong there: {others}"
        elif kind.name == "token-revoked" and name not in private():
            yield f"token-revoked strikes calls that need an access token; {name} needs none"
        elif room == OUT and effect.delay:
            yield f"{name} is never really kept waiting: let it time out instead"
        elif room != TRUSTPILOT and kind.name == "status" and effect.shape in VENDOR_SHAPES:
            yield f"the form {effect.shape} is Trustpilot's, not that of {name}"


def _of_effect(effect: Effect, kind: Kind) -> Iterator[str]:
    if kind.name == "status":
        if effect.status not in STATUSES:
            yield f"a status is from {STATUSES[0]} to {STATUSES[-1]}, not {effect.status}"
        if effect.shape is not None and effect.shape not in SHAPES:
            yield f"{effect.shape!r} is no form: there are {', '.join(SHAPES)}"
    elif effect.status != kind.status or effect.shape != kind.shape:
        yield f"{kind.name} goes with no status and no form: those go together, as in '503 as html'"
    if effect.when not in kind.whens:
        yield f"{kind.name} always strikes {kind.whens[0]} the call is performed"
    if effect.retry_after is not None:
        if kind.name != "status":
            yield f"Retry-After goes with a status, not with {kind.name}"
        if not 0 <= effect.retry_after <= LONGEST_RETRY_AFTER:
            yield f"Retry-After is 0 to {LONGEST_RETRY_AFTER:,} seconds, not {effect.retry_after}"


def _of_time(effect: Effect, kind: Kind) -> Iterator[str]:
    for name, seconds in (("delay", effect.delay), (kind.name, effect.hold)):
        if not 0 <= seconds <= LONGEST_WAIT:
            yield f"{name}: {number(seconds)} s is longer than {LONGEST_WAIT:.0f} s, the most that is allowed here"
    lasting = kind.takes == "duration" and kind.name != "delay"
    if bool(effect.hold) != lasting or (kind.name == "delay" and not effect.delay):
        yield f"{kind.name} needs a time above zero" if kind.takes == "duration" else f"{kind.name} lasts no time"
    if kind.takes == "rate" and not 1 <= effect.rate <= FASTEST_DRIP:
        yield f"{kind.name} is 1 to {FASTEST_DRIP:,} bytes a second, not {effect.rate}"
    if kind.takes != "rate" and effect.rate:
        yield f"bytes a second go with drip, not with {kind.name}"
