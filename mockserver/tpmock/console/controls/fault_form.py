"""Conversion of the fault form to a control API request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

#: Example faults with explanations.
EXAMPLES: Final = (
    ("email-invitations 429 x2", "Trustpilot limits two requests, then answers"),
    ("email-invitations 500 after", "the invitation is created, and the response reports a failure"),
    ("email-invitations cut after", "the invitation is created, and the response is lost"),
    ("deliver timeout after", "the destination receives the event, and Segment counts a timeout"),
    ("email-invitations token-revoked", "the access token expires during use"),
    ("any html for 5m", "the CDN answers instead of Trustpilot"),
)
#: Names of outgoing requests; all other names are operations.
OUTGOING: Final = {"deliver": "Segment sends an event to a destination", "webhook": "Trustpilot sends a webhook"}

_WHOLE: Final = {"status": "a status from 400 to 599", "bytesPerSecond": "bytes a second"}


def body(form: Mapping[str, str], kinds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body of the request that adds the fault.

    :param form: either ``fault``, a line; or ``operation``, ``effect`` and, where they are filled in, ``amount``,
        ``count``, ``for`` and ``after``
    :param kinds: as the control API lists them
    :raises ValueError: if a number is not valid; the message is for the user
    """
    given = {name: value.strip() for name, value in form.items() if value.strip()}
    if "effect" not in given:
        return {"fault": given.get("fault", "")}
    made: dict[str, Any] = {"effect": given["effect"]}
    if given.get("operation", "any") == "any":
        made["path"] = "/**"
    else:
        made["operation"] = given["operation"]
    member = amount_of(given["effect"], kinds)
    if member is not None and "amount" in given:
        made[member] = _number(given["amount"], _WHOLE[member]) if member in _WHOLE else given["amount"]
    if "for" in given:
        made["for"] = given["for"]
    if "always" in given:
        made["count"] = None
    elif "count" in given:
        made["count"] = _number(given["count"], "count")
    if "after" in given:
        made["when"] = "after"
    return made


def amount_of(effect: str, kinds: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the member of a fault that says how much of an effect; None for an effect without amount."""
    amount: str | None = next((kind["amount"] for kind in kinds if kind["effect"] == effect), None)
    return amount


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is not a whole number, such as {what}.")
    return int(text)
