"""The checks about Trustpilot's guidelines: what invitations promise, when they are sent, what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from tpmock.common import package_data
from tpmock.common.durations import seconds
from tpmock.kit.cases import pointers
from tpmock.kit.cases.case_files import read_yaml
from tpmock.kit.cases.wording import counted
from tpmock.kit.vocabulary.call_checks import in_utc
from tpmock.kit.vocabulary.checks import check, finding
from tpmock.kit.vocabulary.findings import Finding
from tpmock.kit.vocabulary.observation import Item, Observation

_JOURNAL = "GET /_mock/sandboxes/{id}/journal"
_INVITING = ("createEmailInvitations", "createInvitation")
#: The members of an invitation that a program words itself. Names of buyers and of products are theirs.
_WORDED: Final = (
    *("/senderName", "/tags", "/redirectUri"),
    *(f"/{kind}ReviewInvitation/{name}" for kind in ("service", "product") for name in ("tags", "redirectUri")),
)
_TIMES: Final = ("/serviceReviewInvitation/preferredSendTime", "/productReviewInvitation/preferredSendTime")
#: A clock of the subject that is this wrong, in seconds, is no other day.
_CLOCKS_DIFFER: Final = 3600.0


@cache
def _incentives() -> re.Pattern[str]:
    words: list[str] = read_yaml(package_data.path("reference", "incentives.yaml"))
    return re.compile("|".join(rf"(?<!\w){word}(?!\w)" for word in words), re.IGNORECASE)


@check
def _no_incentives(seen: Observation, _args: object) -> Iterator[Finding]:
    held = [
        (entry, f"{match[0]!r} in {pointer}")
        for entry in seen.calls(_INVITING)
        for pointer in _WORDED
        for text in _texts(entry, pointer)
        if (match := _incentives().search(text))
    ]
    yield finding(not held, "no incentive in an invitation", *_first(held))


def _texts(entry: Item, pointer: str) -> list[str]:
    values = pointers.find(entry["request"].get("body"), pointer)
    listed = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return [text for text in listed if isinstance(text, str)]


def _first(held: Sequence[tuple[Item, str]]) -> tuple[str, str]:
    """Return what the first one has, and where; "so" without one."""
    return (held[0][1], f"{_JOURNAL}/{held[0][0]['id']}") if held else ("so", "")


@check
def _soon(seen: Observation, args: str) -> Iterator[Finding]:
    wrong = [
        (entry, text)
        for entry in seen.calls(_INVITING)
        for pointer in _TIMES
        for text in _texts(entry, pointer)
        if not _within(text, str(entry["at"]), seconds(args))
    ]
    yield finding(not wrong, f"preferredSendTime after the order, by {args} at most, or none", *_first(wrong))


def _within(text: str, called_at: str, most: float) -> bool:
    moment, called = in_utc(text), in_utc(called_at)
    if isinstance(moment, str) or isinstance(called, str):
        return False
    return -_CLOCKS_DIFFER <= moment - called <= most


@check
def _call_budget(seen: Observation, args: Mapping[str, int]) -> Iterator[Finding]:
    orders, made = len(seen.references), len(seen.calls())
    most = args["each"] * orders + args["once"]
    yield finding(
        made <= most, f"at most {counted(most, 'call')} for {counted(orders, 'invitation')}", counted(made, "call")
    )
