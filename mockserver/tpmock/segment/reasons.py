"""Reasons why an event did not arrive, by Segment's codes: ``fixtures/texts/reasons.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from tpmock.common import compiled, package_data
from tpmock.core.permissions import FUNCTIONS_NOT_ALLOWED

Step = Literal[
    "successfully-received",
    "failed-on-ingest",
    "filtered-at-source",
    "filtered-at-destination",
    "pending",
    "failed-delivery",
    "successful-delivery",
]

_DISCARDED: Final = "errors.discarded."
_AWAITING: Final = "errors.awaiting-retry."


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return every code and its sentence, by where an event ends: ``ingest``, ``source``, ``filtered``, ``failed``."""
    found: dict[str, dict[str, str]] = compiled.content(package_data.path("texts", "reasons.yaml"))
    found["failed"]["FUNCTION_NOT_ALLOWED"] = FUNCTIONS_NOT_ALLOWED
    return found


def discarded(code: str) -> str:
    """Return the code of a status that is not retried, as Event Delivery shows it."""
    return f"{_DISCARDED}{code}"


def awaiting_retry(code: str) -> str:
    """Return the code of a status that is retried."""
    return f"{_AWAITING}{code}"


def bare(reason: str) -> str:
    """Return a reason in the Delivery Overview's spelling, without the prefix that says what happens next."""
    code = reason.removeprefix(_DISCARDED).removeprefix(_AWAITING)
    return "EREFUSED" if code == "ECONNREFUSED" else code


def step_of(reason: str) -> Step:
    """Return the pipeline step at which an event with this reason stopped."""
    if reason.startswith((_DISCARDED, _AWAITING)):
        return "failed-delivery"
    if reason in texts()["filtered"]:
        return "filtered-at-destination"
    return "filtered-at-source" if reason in texts()["source"] else "failed-on-ingest"


def sentence(reason: str, *, over: bool = False) -> str:
    """Return the meaning of a reason.

    :param reason: of a dropped event or of a delivery
    :param over: whether there are no more retries
    """
    if reason.startswith(_DISCARDED):
        return f"{_failed(reason.removeprefix(_DISCARDED))} It is not tried again."
    if reason.startswith(_AWAITING):
        then = "Segment gave up after four hours." if over else "Segment tries again for up to four hours."
        return f"{_failed(reason.removeprefix(_AWAITING))} {then}"
    return _known(reason) or f"Segment stopped it: {reason}."


def clause(reason: str) -> str:
    """Return the meaning of a reason as part of a sentence, with its code; an unknown one without meaning."""
    plain = _known(reason)
    return reason if plain is None else f"{plain[0].lower()}{plain[1:].removesuffix('.')} ({reason})"


def plain(reason: str) -> str:
    """Return the meaning of a reason to follow its code, without capital and full stop; empty if unknown."""
    code = reason.removeprefix(_DISCARDED).removeprefix(_AWAITING)
    # A code may mean one thing of a filter and another one of a delivery.
    found = (texts()["failed"].get(code) if code != reason else None) or _known(code)
    return "" if found is None else f"{found[0].lower()}{found[1:].removesuffix('.')}"


def _known(reason: str) -> str | None:
    return next((table[reason] for table in texts().values() if reason in table), None)


def _failed(code: str) -> str:
    return texts()["failed"].get(code, f"The destination answered {code}.")
