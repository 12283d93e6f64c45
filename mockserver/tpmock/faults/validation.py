"""Validation of faults: which parts can be combined, with an error message for each conflict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tpmock.faults import effects
from tpmock.faults.effects import KINDS, OUT, SERVED, SHAPES, TRUSTPILOT, Effect, Kind, Room, number
from tpmock.faults.model import Match, Script
from tpmock.faults.names import OUTGOING, private, rooms

#: The largest count of a fault.
MOST: Final = 1_000_000
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: The calls to which a kind applies, in words.
_SCOPES: Final[Mapping[tuple[Room, ...], str]] = {
    (TRUSTPILOT,): "calls of Trustpilot",
    SERVED: "calls that come in",
    (OUT,): f"what goes out ({' and '.join(OUTGOING)})",
}
_KEY = re.compile(r"[^\s=]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def checked(script: Script) -> Script:
    """Return the same fault after validation.

    :raises ValueError: with an error message that says what is wrong and what is allowed
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
        yield f"a fault applies to 1 to {MOST:,} requests, not {script.count}"
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
            yield f"{path!r} is not the place of a body member: write consumerEmail, consumer.email or /consumer/email"
    for name, _ in match.headers:
        if not _HEADER.fullmatch(name):
            yield f"{name!r} is not a valid header name"


def _of_meeting(match: Match, effect: Effect, kind: Kind) -> Iterator[str]:
    """Return whether such a fault can apply to such a call."""
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
            yield f"{name} cannot be delayed: use timeout instead"
        elif room != TRUSTPILOT and kind.name == "status" and effect.shape in effects.VENDOR_SHAPES:
            yield f"the form {effect.shape} is Trustpilot's, not that of {name}"


def _of_effect(effect: Effect, kind: Kind) -> Iterator[str]:
    if kind.name == "status":
        if effect.status not in effects.STATUSES:
            yield f"a status is from {effects.STATUSES[0]} to {effects.STATUSES[-1]}, not {effect.status}"
        if effect.shape is not None and effect.shape not in SHAPES:
            yield f"{effect.shape!r} is not a form: there are {', '.join(SHAPES)}"
    elif effect.status != kind.status or effect.shape != kind.shape:
        yield f"{kind.name} goes with no status and no form: those go together, as in '503 as html'"
    if effect.when not in kind.whens:
        yield f"{kind.name} always strikes {kind.whens[0]} the call is performed"
    if effect.retry_after is not None:
        if kind.name != "status":
            yield f"Retry-After goes with a status, not with {kind.name}"
        if not 0 <= effect.retry_after <= effects.LONGEST_RETRY_AFTER:
            yield f"Retry-After is 0 to {effects.LONGEST_RETRY_AFTER:,} seconds, not {effect.retry_after}"


def _of_time(effect: Effect, kind: Kind) -> Iterator[str]:
    most = effects.LONGEST_WAIT
    for name, seconds in (("delay", effect.delay), (kind.name, effect.hold)):
        if not 0 <= seconds <= most:
            yield f"{name}: {number(seconds)} s is longer than {most:.0f} s, the maximum here"
    lasting = kind.takes == "duration" and kind.name != "delay"
    if bool(effect.hold) != lasting or (kind.name == "delay" and not effect.delay):
        yield f"{kind.name} needs a time above zero" if kind.takes == "duration" else f"{kind.name} lasts no time"
    if kind.takes == "rate" and not 1 <= effect.rate <= effects.FASTEST_DRIP:
        yield f"{kind.name} is 1 to {effects.FASTEST_DRIP:,} bytes a second, not {effect.rate}"
    if kind.takes != "rate" and effect.rate:
        yield f"bytes a second go with drip, not with {kind.name}"
