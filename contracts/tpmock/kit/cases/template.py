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

_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")


def values(
    case_id: str, seed: int, integration_key: str, credentials: Mapping[str, str] | None = None
) -> dict[str, Value]:
    """Return the values of the placeholders in one case of one run.

    ``order`` and ``other`` are two order ids, ``number`` is an order id that is a number, ``message`` a messageId,
    ``email`` an address under a domain reserved for examples, ``key`` the integration key, and those of
    :data:`CREDENTIALS` the credentials of the sandbox.

    :param seed: the seed of the run: same seed and same case, same values
    """
    digest = hashlib.sha256(f"{seed}/{case_id}".encode()).hexdigest()
    tag = f"{case_id.lower()}-{digest[:8]}"
    theirs: dict[str, Value] = {
        name: credentials[field] for name, field in CREDENTIALS.items() if credentials and field in credentials
    }
    return {
        **theirs,
        "order": f"order-{tag}",
        "other": f"other-{tag}",
        # Nine digits: far below the size at which a double loses digits.
        "number": 100_000_000 + int(digest[8:16], 16) % 900_000_000,
        "message": f"kit-{tag}",
        "email": f"buyer.{tag}@example.com",
        "key": integration_key,
    }


def fill(data: Any, known: Mapping[str, Value]) -> Any:
    """``data`` with every placeholder replaced.

    A text that is one placeholder and nothing else becomes the value itself, so that ``"{number}"`` becomes a
    number.
    """
    if isinstance(data, str):
        whole = _PLACEHOLDER.fullmatch(data)
        if whole and whole[1] in known:
            return known[whole[1]]
        return _PLACEHOLDER.sub(lambda found: str(known.get(found[1], found[0])), data)
    if isinstance(data, list):
        return [fill(item, known) for item in data]
    if isinstance(data, dict):
        return {name: fill(item, known) for name, item in data.items()}
    return data


def unknown(data: object, allowed: frozenset[str] = NAMES) -> Iterator[str]:
    """Yield the unknown placeholders in ``data``."""
    if isinstance(data, str):
        yield from (name for name in _PLACEHOLDER.findall(data) if name not in allowed)
    elif isinstance(data, list):
        for item in data:
            yield from unknown(item, allowed)
    elif isinstance(data, dict):
        for item in data.values():
            yield from unknown(item, allowed)
