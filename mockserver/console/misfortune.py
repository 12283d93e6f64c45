"""A fault as a form tells it, and as the control API takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

#: Lines to begin with, and what each is good for.
EXAMPLES: Final = (
    ("email-invitations 429 x2", "Trustpilot limits two calls, then answers"),
    ("email-invitations 500 after", "the invitation is made, and the answer says it failed"),
    ("email-invitations cut after", "the invitation is made, and nobody hears of it"),
    ("deliver timeout after", "the destination got the event, and Segment thinks it did not"),
    ("email-invitations token-revoked", "the access token dies in the middle of work"),
    ("any html for 5m", "the content network answers instead of Trustpilot"),
)
#: What the mock sends itself; the rest of the names are operations.
GOING_OUT: Final = ("deliver", "webhook")

_WHOLE: Final = {"status": "a status from 400 to 599", "bytesPerSecond": "bytes a second"}


def told(form: Mapping[str, str], kinds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a call that arms the fault.

    :param form: either ``fault``, a line; or ``operation``, ``effect`` and, where they are filled in, ``amount``,
        ``count``, ``for`` and ``after``
    :param kinds: as the control API lists them
    :raises ValueError: with a sentence, when a number is none
    """
    given = {name: value.strip() for name, value in form.items() if value.strip()}
    if "effect" not in given:
        return {"fault": given.get("fault", "")}
    body: dict[str, Any] = {"effect": given["effect"]}
    if given.get("operation", "any") == "any":
        body["path"] = "/**"
    else:
        body["operation"] = given["operation"]
    member = next((kind["amount"] for kind in kinds if kind["effect"] == given["effect"]), None)
    if member is not None and "amount" in given:
        body[member] = _number(given["amount"], _WHOLE[member]) if member in _WHOLE else given["amount"]
    if "for" in given:
        body["for"] = given["for"]
    if "always" in given:
        body["count"] = None
    elif "count" in given:
        body["count"] = _number(given["count"], "how often it strikes")
    if "after" in given:
        body["when"] = "after"
    return body


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no whole number: {what} is one.")
    return int(text)
