"""Placeholders in cases, filled with values that are unique to a case and follow from the seed of the run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

Value = str | int

CREDENTIALS = {
    "apikey": "apiKey",
    "apisecret": "apiSecret",
    "unit": "businessUnitId",
    "user": "businessUserId",
    "username": "username",
    "password": "password",
    "domain": "domain",
    "template": "templateId",
    "partner": "partnerId",
    "partnerkey": "partnerApiKey",
    "partnersecret": "partnerApiSecret",
    "partneruser": "partnerUsername",
    "partnerpassword": "partnerPassword",
    "redirect": "redirectUri",
}
"""Placeholders for the credentials of the sandbox, by their names there."""

NAMES = frozenset({"order", "other", "number", "message", "email", "key", "n", *CREDENTIALS})

_PLACEHOLDER = re.compile(r"\{([a-z]+|message[1-9][0-9]{0,3})\}")
_DIGITS = "0123456789"
# Shops number their orders in many ways; each case takes one of these.
_ORDER_STYLES = ("SO-{digits}", "R{digits}", "web_{letters}", "{letters}")


def values(
    case_id: str, seed: int, integration_key: str, credentials: Mapping[str, str] | None = None
) -> dict[str, Value]:
    """Return the values of the placeholders in one case of one run.

    ``order`` and ``other`` are two order ids, ``number`` is an order id that is a number, ``message`` a messageId,
    ``email`` an address under a domain reserved for examples, ``key`` the integration key, and those of
    :data:`CREDENTIALS` the credentials of the sandbox. None of them shows that it comes from a test: a subject that
    treats its own tests specially must not be able to.

    :param seed: the seed of the run: same seed and same case, same values
    """
    digest = hashlib.sha256(f"{seed}/{case_id}".encode()).hexdigest()
    theirs: dict[str, Value] = {
        name: credentials[field] for name, field in CREDENTIALS.items() if credentials and field in credentials
    }
    return {
        **theirs,
        "order": _order_id(f"{digest}/order"),
        "other": _order_id(f"{digest}/other"),
        # Nine digits: far below the size at which a double loses digits.
        "number": 100_000_000 + int(digest[8:16], 16) % 900_000_000,
        "message": f"{digest[:8]}-{digest[8:12]}-4{digest[12:15]}-a{digest[15:18]}-{digest[18:30]}",
        "email": f"buyer.{_digits(digest)}@example.com",
        "key": integration_key,
    }


def message_id(first: str, number: int) -> str:
    """Return the messageId of one event of a case, in the form of Segment's libraries.

    :param first: the value of the placeholder ``message``
    :param number: of the event in its case, from 1
    """
    return first[:-12] + hashlib.sha256(f"{first}/{number}".encode()).hexdigest()[:12]


def fill(data: Any, known: Mapping[str, Value]) -> Any:
    """``data`` with every placeholder replaced.

    A text that is one placeholder and nothing else becomes the value itself, so that ``"{number}"`` becomes a
    number.
    """
    if isinstance(data, str):
        whole = _PLACEHOLDER.fullmatch(data)
        if whole and whole[1] in known:
            return known[whole[1]]
        return _PLACEHOLDER.sub(lambda found: str(_value(found[1], known, found[0])), data)
    if isinstance(data, list):
        return [fill(item, known) for item in data]
    if isinstance(data, dict):
        return {name: fill(item, known) for name, item in data.items()}
    return data


def unknown(data: object, allowed: frozenset[str] = NAMES) -> Iterator[str]:
    """Yield the unknown placeholders in ``data``."""
    if isinstance(data, str):
        yield from (name for name in _PLACEHOLDER.findall(data) if name.rstrip(_DIGITS) not in allowed)
    elif isinstance(data, list):
        for item in data:
            yield from unknown(item, allowed)
    elif isinstance(data, dict):
        for item in data.values():
            yield from unknown(item, allowed)


def _value(name: str, known: Mapping[str, Value], otherwise: str) -> Value:
    number = name.removeprefix("message")
    if name != number and number and "message" in known:
        return message_id(str(known["message"]), int(number))
    return known.get(name, otherwise)


def _order_id(seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).hexdigest()
    style = _ORDER_STYLES[int(digest[:8], 16) % len(_ORDER_STYLES)]
    return style.format(digits=_digits(digest), letters=digest[24:48])


def _digits(digest: str) -> str:
    """Return ten digits."""
    return str(10**9 + int(digest[8:24], 16) % (9 * 10**9))
